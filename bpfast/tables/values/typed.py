"""A table whose columns have the types of their values: numbers, booleans, moments or words."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

import polars as pl

from .batch import Batch
from .booleans import BooleanEvidence
from .marks import to_text
from .moments import COMPACT, MomentEvidence, MomentKind
from .native import check_native, convert_native
from .number_evidence import NumberEvidence
from .numbers import NumberKind
from .words import WordEvidence, as_words

SEEN_TOGETHER = 100_000  # rows of a column of text: more would take memory for little


class Writing(NamedTuple):
    """How the values of a column of text were written, to read new rows likewise.

    Attributes
    ----------
    decimal : the decimal mark of numbers, "" for others
    date_format : of moments, as :func:`.moments.as_moments` takes it, "" for others
    missing : words that stand for missing values, beside the usual marks
    """

    decimal: str = ""
    date_format: str = ""
    missing: tuple[str, ...] = ()


class Typed(NamedTuple):
    """A table with types.

    Numbers are integers or floats, true and false are Boolean, moments are Date, Datetime or Time,
    words are String (or Categorical or Enum, as they came). What is missing is null.

    Attributes
    ----------
    frame : the table
    notes : for each column what was done with its values, mostly ""
    writing : how the values of each column that came as text were written
    """

    frame: pl.DataFrame
    notes: dict[str, str]
    writing: dict[str, Writing]


def typed(
    frame: pl.DataFrame,
    missing: Collection[str] = (),
    decimal: str | None = None,
    numeric: Collection[str] = (),
    categorical: Collection[str] = (),
) -> Typed:
    """Give each column of text the type of its values; other columns keep theirs.

    Parameters
    ----------
    missing : words that stand for missing values, beside :data:`.marks.MARKS`
    decimal : "." or ",", the decimal mark; seen from the numbers if not given
    numeric, categorical : columns that are numbers, and words, whatever they look like

    Raises
    ------
    ValueError
        A column of lists or objects, or one asked to be numbers that has none.
    """
    finder = KindFinder(missing, decimal, numeric, categorical)
    finder.see(frame)
    return finder.typed(frame)


class KindFinder:
    """Finds what each column is, from a table that may come in batches of rows.

    All batches then get the same types, those that the table gets in one piece:

    >>> finder = KindFinder(compact=True)
    >>> for batch in read_batches():
    ...     finder.see(batch)
    >>> table = pl.concat([finder.typed(batch).frame for batch in read_batches()])

    Parameters
    ----------
    missing, decimal, numeric, categorical : as for :func:`typed`
    compact : whether to keep columns of text small: numbers as the smallest integers, or Float32
        where its rounding is below a millionth of the column's range; words that repeat as an Enum
    """

    def __init__(
        self,
        missing: Collection[str] = (),
        decimal: str | None = None,
        numeric: Collection[str] = (),
        categorical: Collection[str] = (),
        *,
        compact: bool = False,
    ) -> None:
        self._missing = (missing,) if isinstance(missing, str) else tuple(missing)
        self._decimal = decimal
        self._numeric = frozenset(numeric)
        self._categorical = frozenset(categorical)
        self._compact = compact
        self._columns: dict[str, _TextColumn] = {}
        self._kinds: dict[str, _Kind] | None = None

    def see(self, frame: pl.DataFrame) -> None:
        """Look at a batch of rows. All batches have the same columns."""
        self._kinds = None
        for series in map(self._as_text, frame):
            if series.dtype != pl.String:
                check_native(series)
                continue
            if series.name not in self._columns:
                self._columns[series.name] = _TextColumn(self._missing, self._compact)
            for first in range(0, max(series.len(), 1), SEEN_TOGETHER):
                self._columns[series.name].see(series.slice(first, SEEN_TOGETHER))

    def typed(self, frame: pl.DataFrame) -> Typed:
        """A batch of rows with the types that all batches together show."""
        kinds = self._find_kinds()
        columns, notes, writing = [], dict.fromkeys(frame.columns, ""), {}
        for series in map(self._as_text, frame):
            if series.name in kinds:
                kind = kinds[series.name]
                columns.append(kind.convert(series).alias(series.name))
                notes[series.name] = kind.note
                writing[series.name] = _writing(kind)
            else:
                series, notes[series.name] = convert_native(series, self._missing)
                is_word = series.name in self._categorical
                columns.append(as_words(series) if is_word else series)
        return Typed(pl.DataFrame(columns), notes, writing)

    def _as_text(self, series: pl.Series) -> pl.Series:
        """A column itself; as text if it has categories and was asked to be numbers."""
        has_categories = series.dtype in (pl.Categorical, pl.Enum)
        return to_text(series) if has_categories and series.name in self._numeric else series

    def _find_kinds(self) -> dict[str, _Kind]:
        """What each column of text is."""
        if self._kinds is None:
            decimal = self._decimal or _vote(self._columns.values())
            self._kinds = {name: self._kind(name, decimal) for name in self._columns}
        return self._kinds

    def _kind(self, name: str, decimal: str) -> _Kind:
        column = self._columns[name]
        mark = self._decimal or column.numbers.decimal(decimal)
        if name in self._numeric:
            column.numbers.check_asked(name, mark)
            return column.numbers.kind(mark, self._compact)
        if name in self._categorical:
            return column.words.kind("")
        return column.kind(mark, self._compact)


class _Kind(Protocol):
    """What a column of text is."""

    @property
    def missing(self) -> tuple[str, ...]: ...

    @property
    def note(self) -> str: ...

    def convert(self, text: pl.Series, /) -> pl.Series: ...


class _TextColumn:
    """What speaks for and against each kind that a column of text may be."""

    def __init__(self, missing: tuple[str, ...], compact: bool) -> None:
        self.missing = missing
        self.numbers = NumberEvidence(missing)
        self.booleans = BooleanEvidence(missing)
        self.moments = MomentEvidence(missing)
        self.words = WordEvidence(missing, compact)

    def see(self, text: pl.Series) -> None:
        batch = Batch.of(text, self.missing)
        self.numbers.see(batch)
        self.booleans.see(batch)
        self.moments.see(batch)
        if self.numbers.may_be_words or not self.numbers.values:  # "-" and "inf" may be words
            self.words.see(text)
        else:
            self.words.skip()

    def kind(self, decimal: str, compact: bool) -> _Kind:
        if not self.numbers.values:
            return NumberKind(pl.Float64(), decimal, self.missing, "no values")
        date_format = self.moments.date_format()
        if self.numbers.are_numbers(decimal) and date_format != COMPACT:
            return self.numbers.kind(decimal, compact)
        if self.booleans.are_booleans():
            return self.booleans.kind()
        if date_format is not None:
            return self.moments.kind(date_format)
        return self.words.kind(self.numbers.why_words(decimal))


def _vote(columns: Collection[_TextColumn]) -> str:
    """The decimal mark of a table: a comma if more columns of numbers show that than a point."""
    shown = [
        decimal
        for column in columns
        for decimal, reading in column.numbers.readings.items()
        if reading.sure and column.numbers.decimal() == decimal
        if column.numbers.are_numbers(decimal)
    ]
    return "," if shown.count(",") > shown.count(".") else "."


def _writing(kind: _Kind) -> Writing:
    decimal = kind.decimal if isinstance(kind, NumberKind) else ""
    date_format = kind.date_format if isinstance(kind, MomentKind) else ""
    return Writing(decimal, date_format, kind.missing)
