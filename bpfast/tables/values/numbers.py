"""Numbers as people write them: with separators, percent signs, currencies, parentheses."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from .marks import ANY_WORD, MARKS, numbers_among, to_text, without_marks

CURRENCY = r"(?:\p{Sc}|EUR|USD|GBP|CHF|JPY)"
SEPARATORS = r"\s'\u2019"  # of thousands, with any decimal mark
GROUP = {".": ",", ",": "."}  # the thousands separator that goes with a decimal mark


def as_numbers(
    series: pl.Series, decimal: str | None = None, missing: Collection[str] = ()
) -> tuple[np.ndarray, int | None]:
    """A column that is known to be numbers, as float64 with NaN for what is missing.

    Parameters
    ----------
    series : of numbers, booleans, or text in which numbers are written
    decimal : "." or ",", the decimal mark in text; seen from the text if not given
    missing : words that stand for missing values, beside :data:`.marks.MARKS`; with
        :data:`.marks.ANY_WORD` among them, all that are no numbers do

    Returns
    -------
    The numbers, and the first row, from 0, whose value is none; None where there is no such row.
    """
    if series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null):
        numbers = series.cast(pl.Float64)
        wrong = None
    elif isinstance(series.dtype, pl.Duration):
        numbers = series.dt.total_microseconds() / 1e6
        wrong = None
    else:
        text = to_text(series)
        words = without_marks(text, MARKS, missing)
        numbers = read_numbers(text, decimal or _find_decimal(words), missing)
        bad = words.is_not_null() & numbers.is_null() & ~_is_infinite(words)
        wrong = int(bad.arg_max() or 0) if bad.any() and ANY_WORD not in missing else None
    return drop_infinite(numbers, missing).fill_null(np.nan).to_numpy(), wrong


def drop_infinite(numbers: pl.Series, missing: Collection[str] = ()) -> pl.Series:
    """Numbers, null where they are not finite or stand for missing values."""
    marks = numbers_among(missing)
    if numbers.dtype.is_float() and numbers.is_finite().not_().any():  # or there is nothing to copy
        numbers = numbers.set(~numbers.is_finite(), None)
    return numbers.set(numbers.cast(pl.Float64).is_in(marks), None) if marks else numbers


@dataclass(frozen=True)
class NumberKind:
    """A column of text in which numbers are written.

    Attributes
    ----------
    dtype : of the numbers
    decimal : "." or ","
    missing : words that stand for missing values, beside the marks
    note : what was done with the column
    """

    dtype: pl.DataType
    decimal: str
    missing: tuple[str, ...]
    note: str

    def convert(self, text: pl.Series) -> pl.Series:
        """The numbers that are written in some rows."""
        numbers = read_numbers(text, self.decimal, self.missing)
        if not self.dtype.is_integer():
            return drop_infinite(numbers, self.missing).cast(self.dtype)
        # float64 rounds integers above 2**53
        integers = text.cast(pl.Int64, strict=False)
        integers = integers.zip_with(integers.is_not_null(), numbers.cast(pl.Int64, strict=False))
        return drop_infinite(integers, self.missing).cast(self.dtype)


def bare_numbers(text: pl.Series, decimal: str) -> pl.Series:
    """Trimmed text as plain digits that polars reads; null where it is no number.

    Signs, currencies and percent signs come off, and so do thousands separators. 12% is 12.
    """
    text = text.set(~text.str.contains(_PATTERNS[decimal]), None)
    if text.null_count() == text.len():
        return text
    negative = text.str.contains(r"^\(|^\D*[-\u2212]")
    bare = text.str.replace_all(rf"[{SEPARATORS}()%+{GROUP[decimal]}]|{CURRENCY}", "")
    bare = bare.str.replace_all(r"^[-\u2212]+", "").str.replace(",", ".", literal=True)
    return bare.zip_with(~negative.fill_null(False), "-" + bare)


def read_numbers(text: pl.Series, decimal: str, missing: Collection[str] = ()) -> pl.Series:
    """The numbers that are written in text, Float64; null where there is none."""
    if decimal == ",":
        words = without_marks(text, MARKS, missing)
        return bare_numbers(words, ",").cast(pl.Float64, strict=False)
    numbers = text.cast(pl.Float64, strict=False)
    rest = numbers.is_null() & text.is_not_null()
    if rest.any():
        words = without_marks(text.filter(rest), MARKS, missing)
        bare = bare_numbers(words, ".").cast(pl.Float64, strict=False)
        numbers = numbers.scatter(rest.arg_true(), bare)
    return numbers


def _pattern(decimal: str) -> str:
    """What a number looks like, with a decimal mark."""
    mark, group = re.escape(decimal), re.escape(GROUP[decimal])
    separators = (group, r"\s", r"['\u2019]")
    grouped = "|".join(rf"[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+" for between in separators)
    if decimal == ".":  # as in India: 12,34,567
        grouped += "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
    digits = rf"(?:(?:[0-9]+|{grouped})(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    signs = rf"[+\u2212-]?\s?(?:{CURRENCY}\s?[\u2212-]?)?"
    behind = rf"(?:\s?(?:{CURRENCY}|%))?"
    return rf"^(?:{signs}{digits}{behind}|\((?:{CURRENCY}\s?)?{digits}{behind}\))$"


_PATTERNS = {decimal: _pattern(decimal) for decimal in GROUP}


def _find_decimal(words: pl.Series) -> str:
    """The decimal mark of trimmed text: a comma only where that must be."""
    point, comma = (bare_numbers(words, decimal).is_not_null() for decimal in ".,")
    return "," if (comma & ~point).any() and not (point & ~comma).any() else "."


def _is_infinite(words: pl.Series) -> pl.Series:
    return words.cast(pl.Float64, strict=False).is_infinite().fill_null(False)
