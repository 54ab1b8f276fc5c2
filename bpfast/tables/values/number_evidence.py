"""What speaks for and against a column of text being numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ...plurals import many
from .batch import Batch
from .marks import ANY_WORD
from .numbers import CURRENCY, GROUP, SEPARATORS, NumberKind, bare_numbers, read_numbers
from .strays import Strays

MOST_CATEGORIES = 20  # different numbers beside which a word that repeats is a category, too
# float32 rounds by up to 2**-24 of a number: that may be a millionth of the column's range.
MOST_TIMES_RANGE = 1e-6 * 2**24
# Leading zeros, telephone numbers, and digits that Int64 does not hold: they are codes.
_CODE = r"^(?:[+-]?0[0-9]+|\+[0-9][0-9 ]{6,}|[+-]?[0-9]{19,})$"
_STYLES = {
    "percent signs": "%",
    "currencies": CURRENCY,
    "parentheses of negative numbers": r"^\(",
}


@dataclass
class Reading:
    """A column's values, read with one decimal mark.

    Attributes
    ----------
    decimal : the mark
    strays : the values that are no numbers
    sure : whether a value is a number with this decimal mark alone
    integers : whether all numbers are integers
    grouped : whether a number has thousands separators
    low, high : the least and the greatest number
    """

    decimal: str
    strays: Strays = field(default_factory=Strays)
    sure: bool = False
    integers: bool = True
    grouped: bool = False
    low: float = np.inf
    high: float = -np.inf

    @property
    def separated(self) -> str:
        """What a number with thousands separators has in it."""
        return rf"[0-9][{GROUP[self.decimal]}{SEPARATORS}][0-9]"

    @property
    def has_numbers(self) -> bool:
        """Whether a value is a number."""
        return self.low <= self.high

    def widen(self, numbers: pl.Series) -> None:
        """Let the range hold some numbers."""
        numbers = numbers.filter(numbers.is_finite().fill_null(False))
        if numbers.len():
            self.low = min(self.low, float(numbers.min()))  # type: ignore[arg-type]
            self.high = max(self.high, float(numbers.max()))  # type: ignore[arg-type]

    def dtype(self, compact: bool) -> pl.DataType:
        """The type that holds the numbers; with ``compact``, the smallest."""
        greatest = max(abs(self.low), abs(self.high))
        if self.integers:
            exact = greatest < 2**53
            ends = pl.Series([int(self.low), int(self.high)]) if compact and exact else None
            return pl.Int64() if ends is None else ends.shrink_dtype().dtype
        rounds_well = greatest <= min(MOST_TIMES_RANGE * (self.high - self.low), 1e38)
        return pl.Float32() if compact and rounds_well else pl.Float64()


class NumberEvidence:
    """What speaks for and against a column of text being numbers.

    Parameters
    ----------
    missing : words that stand for missing values, beside the marks
    """

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.missing = tuple(missing)
        self.values = 0
        self.infinite = 0
        self.code = ""  # a value that is a code
        self.few_numbers: set[float] = set()  # different numbers, complete up to MOST_CATEGORIES
        self.styles: set[str] = set()
        self.spaced_values = 0  # numbers with spaces between their digits
        self.spaced_lengths: set[int] = set()  # of these, in characters
        self.readings = {decimal: Reading(decimal) for decimal in GROUP}

    def see(self, batch: Batch) -> None:
        """Take in a batch of rows."""
        self.values += batch.values
        self.infinite += batch.infinite
        if batch.plain.len():
            self._see_plain(batch.plain, batch.plain_numbers)
        if batch.rest.height:
            self._see_rest(batch.rest)

    def decimal(self, otherwise: str = ".") -> str:
        """The decimal mark that the values show, or another where they show none."""
        sure = [decimal for decimal, reading in self.readings.items() if reading.sure]
        return sure[0] if sure else otherwise

    def are_numbers(self, decimal: str) -> bool:
        """Whether the column is numbers, with a decimal mark."""
        reading = self.readings[decimal]
        if self.code or self._are_telephones() or not reading.has_numbers:
            return False
        strays = reading.strays
        repeat = any(count > 1 for count in strays.counts.values())
        are_categories = repeat and len(self.few_numbers) <= MOST_CATEGORIES
        return strays.are_few(self.values) and not (are_categories or strays.codes)

    @property
    def may_be_words(self) -> bool:
        """Whether the values so far may be no numbers."""
        strays = self.readings[self.decimal()].strays
        return bool(self.code) or strays.codes or not strays.are_few(self.values)

    def check_asked(self, name: str, decimal: str) -> None:
        """Refuse a column that was asked to be numbers and has none."""
        reading = self.readings[decimal]
        if self.values and not reading.has_numbers:
            raise ValueError(
                f"column {name!r} was asked to be numbers, and has none in {self.values} rows, but "
                f"{reading.strays}: leave it out of numeric"
            )

    def kind(self, decimal: str, compact: bool) -> NumberKind:
        """The column as numbers, where what is none counts as missing."""
        reading = self.readings[decimal]
        # too many to list, which only a column has that was asked to be numbers
        strays = (ANY_WORD,) if reading.strays.too_many else sorted(reading.strays.counts)
        return NumberKind(
            dtype=reading.dtype(compact),
            decimal=decimal,
            missing=(*self.missing, *strays),
            note=self._note(reading),
        )

    def why_words(self, decimal: str) -> str:
        """Why a column with many numbers is not taken as numbers, or "" where there are few."""
        reading = self.readings[decimal]
        if self.code:
            return f"words: digits such as {self.code} are a code"
        if self._are_telephones():
            return "words: spaced digits, all of the same length, are a code"
        if not reading.has_numbers or reading.strays.total > self.values / 2:
            return ""
        if all(reading.sure for reading in self.readings.values()):
            return "words: numbers with decimal points and with decimal commas"
        return f"words: numbers, but {reading.strays}"

    def _see_plain(self, text: pl.Series, numbers: pl.Series) -> None:
        self._find_code(text.filter(~text.str.contains(".", literal=True)))
        point, comma = self.readings["."], self.readings[","]
        point.widen(numbers)
        comma.widen(numbers)
        if len(self.few_numbers) <= MOST_CATEGORIES:
            self.few_numbers.update(numbers.unique().head(MOST_CATEGORIES + 1).to_list())
        if point.integers or not point.sure:
            broken = text.filter(text.cast(pl.Int64, strict=False).is_null())
            if broken.len():
                point.integers = comma.integers = False
                only_point = broken.filter(read_numbers(broken, ",").is_null())
                point.sure |= only_point.len() > 0
                comma.grouped |= only_point.len() < broken.len()
                comma.strays.add(only_point.alias("word").value_counts(name="count"))

    def _see_rest(self, rest: pl.DataFrame) -> None:
        words = rest["word"]
        self._find_code(words)
        bare = {decimal: bare_numbers(words, decimal) for decimal in GROUP}
        for decimal, other in GROUP.items():
            reading, is_number = self.readings[decimal], bare[decimal].is_not_null()
            reading.strays.add(rest.filter(~is_number))
            if is_number.any():
                reading.sure |= bool((is_number & bare[other].is_null()).any())
                self._see_written(reading, rest.filter(is_number), bare[decimal].filter(is_number))

    def _see_written(self, reading: Reading, written: pl.DataFrame, bare: pl.Series) -> None:
        """Take in numbers with signs, separators or spaces, and the same bare."""
        words, numbers = written["word"], bare.cast(pl.Float64, strict=False)
        reading.widen(numbers)
        reading.integers &= bare.cast(pl.Int64, strict=False).null_count() == 0
        reading.grouped |= bool(words.str.contains(reading.separated).any())
        self.few_numbers.update(numbers.drop_nulls().head(MOST_CATEGORIES + 1).to_list())
        self.styles |= {name for name, mark in _STYLES.items() if words.str.contains(mark).any()}
        if reading.decimal == ".":
            spaced = written.filter(words.str.contains(r"^[0-9][0-9\s]*\s[0-9]+$"))
            self.spaced_values += int(spaced["count"].sum())
            self.spaced_lengths.update(spaced["word"].str.len_chars().unique().head(2).to_list())

    def _find_code(self, words: pl.Series) -> None:
        if not self.code and words.len():
            codes = words.filter(words.str.contains(_CODE))
            self.code = codes[0] if codes.len() else ""

    def _are_telephones(self) -> bool:
        """Whether all values are spaced, and of the same length of three groups or more."""
        same = len(self.spaced_lengths) == 1 and min(self.spaced_lengths) >= len("123 456 789")
        return same and self.spaced_values == self.values > 1

    def _note(self, reading: Reading) -> str:
        off = [*sorted(self.styles), *(["thousands separators"] if reading.grouped else [])]
        done = [f"{', '.join(off)} taken off"] if off else []
        done += ["decimal commas"] if reading.decimal == "," and not reading.integers else []
        if self.infinite:
            done.append(f"infinite in {many(self.infinite, 'row')}, which counts as missing")
        if reading.strays.total:
            done.append(f"{reading.strays}, which counts as missing")
        return "; ".join(done)
