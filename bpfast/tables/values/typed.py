"""A table whose columns have the types of their values: numbers, booleans, moments or words."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import polars as pl


class Typed(NamedTuple):
    """A table with types, and what was done with each column ("" mostly).

    Numbers are integers or floats, truth values are Boolean, moments are Date, Datetime or Time,
    words are String (or Categorical or Enum, as they came). What is missing is null.
    """

    frame: pl.DataFrame
    notes: dict[str, str]


def typed(
    frame: pl.DataFrame,
    missing: Collection[str] = (),
    decimal: str | None = None,
    numeric: Collection[str] = (),
    categorical: Collection[str] = (),
) -> Typed:
    """Give each column of text the type of its values; other columns keep theirs.

    The same as ``finder = KindFinder(...); finder.see(frame); finder.typed(frame)``.

    Parameters
    ----------
    missing : words that stand for missing values, beside :data:`.marks.MARKS`
    decimal : "." or ",", the decimal mark; seen from the numbers if not given
    numeric, categorical : columns that are numbers, and words, whatever they look like
    """
    finder = KindFinder(missing, decimal, numeric, categorical)
    finder.see(frame)
    return finder.typed(frame)


class KindFinder:
    """Finds what each column is, from a table that may come in batches of rows.

    >>> finder = KindFinder()
    >>> for batch in batches():
    ...     finder.see(batch)
    >>> compact = [finder.typed(batch, compact=True) for batch in batches()]
    """

    def __init__(
        self,
        missing: Collection[str] = (),
        decimal: str | None = None,
        numeric: Collection[str] = (),
        categorical: Collection[str] = (),
    ) -> None:
        raise NotImplementedError

    def see(self, frame: pl.DataFrame) -> None:
        """Look at a batch of rows. All batches have the same columns."""
        raise NotImplementedError

    def typed(self, frame: pl.DataFrame, compact: bool = False) -> Typed:
        """A batch with the types that all batches together show: the same types in each batch.

        With ``compact``, numbers take the smallest integers, or Float32 where its rounding does
        not matter beside the column's range, and words that repeat are an Enum.
        """
        raise NotImplementedError
