"""Truth values written as words: true and false, yes and no."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from .batch import Batch
from .marks import MARKS, to_text, without_marks

# Words for false and true, in lower case. A column has words of one of these alone.
TRUTH = {"false": False, "f": False, "true": True, "t": True}
ANSWERS = {"no": False, "n": False, "yes": True, "y": True}
FIRST_WORDS = 1000  # of a column, among which more than MOST_SPELLINGS are no truth values
MOST_SPELLINGS = 50  # of truth values and of missing ones
DIGITS = {"0": False, "1": True, "0.0": False, "1.0": True}


def as_booleans(series: pl.Series, missing: Collection[str] = ()) -> np.ndarray:
    """A column that is known to be truth values, as float64: 0, 1, and NaN for what is missing.

    Other words count as missing: to a person, the column is one of words, and new rows may have
    new ones, such as "unknown" among yes and no.

    Parameters
    ----------
    series : Boolean, of the numbers 0 and 1, or of words such as "true" and "No"
    missing : words that stand for missing values, beside :data:`.marks.MARKS`
    """
    words = without_marks(to_text(series), MARKS, missing).str.to_lowercase()
    truths = _truths(words, TRUTH | ANSWERS | DIGITS)
    return truths.cast(pl.Float64).fill_null(np.nan).to_numpy()


def find_booleans(words: pl.Series) -> pl.Series | None:
    """Words as Boolean, if they are truth values, and both are there; None otherwise."""
    if words.head(FIRST_WORDS).n_unique() > MOST_SPELLINGS:
        return None
    different = without_marks(to_text(words.unique())).str.to_lowercase().drop_nulls().unique()
    for meaning in (TRUTH, ANSWERS):
        if _are_all_in(different.to_list(), meaning):
            return _truths(without_marks(to_text(words)).str.to_lowercase(), meaning)
    return None


@dataclass(frozen=True)
class BooleanKind:
    """A column of the words true and false.

    Attributes
    ----------
    missing : words that stand for missing values, beside the marks
    """

    missing: tuple[str, ...]
    note: str = ""

    def convert(self, text: pl.Series) -> pl.Series:
        """The truth values of some rows."""
        return _truths(without_marks(text, MARKS, self.missing).str.to_lowercase(), TRUTH)


class BooleanEvidence:
    """What speaks for and against a column of text being true and false.

    Other words for them, such as yes and no, stay words: they may be names of classes.
    """

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.missing = tuple(missing)
        self.has_numbers = False
        self.words: set[str] = set()  # in lower case, complete up to two

    def see(self, batch: Batch) -> None:
        """Take in a batch of rows."""
        self.has_numbers |= batch.has_numbers
        if not self.has_numbers and len(self.words) <= 2:
            self.words.update(batch.rest["word"].str.to_lowercase().unique().head(3))

    def are_booleans(self) -> bool:
        """Whether the column is true and false."""
        return not self.has_numbers and self.words == {"false", "true"}

    def kind(self) -> BooleanKind:
        """The column as truth values."""
        return BooleanKind(self.missing)


def _truths(words: pl.Series, meaning: dict[str, bool]) -> pl.Series:
    return words.replace_strict(meaning, default=None, return_dtype=pl.Boolean)


def _are_all_in(words: list[str], meaning: dict[str, bool]) -> bool:
    """Whether words all have a meaning, and mean both."""
    return set(words) <= set(meaning) and {meaning[word] for word in words} == {False, True}
