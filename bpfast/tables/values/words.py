"""Words: text as it is, and numbers that are asked to be categories."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from .marks import MARKS_AMONG_WORDS, to_text, without_marks

MOST_COMPACT = 2**16  # different words that are kept to make an Enum of a column


def as_words(series: pl.Series, missing: Collection[str] = ()) -> pl.Series:
    """A column as words, null for what is missing: 1, 1.0, "1" and " 1 " are all "1".

    Parameters
    ----------
    series : of any type
    missing : words that stand for missing values, beside :data:`.marks.MARKS_AMONG_WORDS`
    """
    words = without_marks(to_text(series), MARKS_AMONG_WORDS, missing)
    return words.str.replace(r"^(-?[0-9]+)\.0+$", "$1")


@dataclass(frozen=True)
class WordKind:
    """A column of words.

    Attributes
    ----------
    dtype : String, or an Enum of all words of the column
    missing : words that stand for missing values, beside the marks
    note : what was done with the column
    """

    dtype: pl.DataType
    missing: tuple[str, ...]
    note: str

    def convert(self, text: pl.Series) -> pl.Series:
        """The words of some rows."""
        words = without_marks(text, MARKS_AMONG_WORDS, self.missing)
        return words if self.dtype == pl.String else words.cast(self.dtype)


class WordEvidence:
    """The different words of a column, to keep it small.

    Parameters
    ----------
    missing : words that stand for missing values, beside the marks
    compact : whether to make an Enum of words that repeat
    """

    def __init__(self, missing: Collection[str] = (), compact: bool = False) -> None:
        self.missing = tuple(missing)
        self.rows = 0
        self.words = pl.Series(dtype=pl.String) if compact else None  # None also for too many

    def see(self, text: pl.Series) -> None:
        """Take in a batch of rows."""
        self.rows += text.len()
        if self.words is None:
            return
        words = without_marks(text.unique(), MARKS_AMONG_WORDS, self.missing).drop_nulls()
        self.words = self.words.append(words.alias(self.words.name)).unique()
        if self.words.len() > MOST_COMPACT:
            self.words = None

    def skip(self) -> None:
        """Leave a batch of rows out: the column will be no Enum."""
        self.words = None

    def kind(self, note: str) -> WordKind:
        """The column as words: an Enum if they repeat."""
        dtype: pl.DataType = pl.String()
        if self.words is not None and self.words.len() < self.rows / 2:
            dtype = pl.Enum(self.words.sort())
        return WordKind(dtype, self.missing, note)
