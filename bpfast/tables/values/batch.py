"""A batch of rows of a column of text, as its numbers and what is left beside them."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from .marks import MARKS, numbers_among, without_marks


class Batch(NamedTuple):
    """A column's values in some rows.

    Attributes
    ----------
    plain : the text that is a number as it stands, such as "-1.5e3"
    plain_numbers : the numbers that it is
    infinite : how many values are infinite
    rest : other values, trimmed, that are no marks: columns ``word``, each once, and ``count``
    """

    plain: pl.Series
    plain_numbers: pl.Series
    infinite: int
    rest: pl.DataFrame

    @property
    def values(self) -> int:
        """How many values there are that are not missing."""
        return self.plain.len() + int(self.rest["count"].sum())

    @property
    def has_numbers(self) -> bool:
        """Whether there is a number that is written as such, be it infinite."""
        return self.plain.len() > 0 or self.infinite > 0

    @classmethod
    def of(cls, text: pl.Series, missing: Collection[str]) -> Batch:
        """Look at text. ``missing`` are words that stand for missing values beside the marks."""
        numbers = text.cast(pl.Float64, strict=False)
        infinite = numbers.is_infinite().fill_null(False)
        plain = numbers.is_finite().fill_null(False)
        if marks := numbers_among(missing):
            plain &= ~numbers.is_in(marks)
        rest = _count(text.filter(numbers.is_null() & text.is_not_null()), missing)
        return cls(text.filter(plain), numbers.filter(plain), int(infinite.sum()), rest)


def _count(text: pl.Series, missing: Collection[str]) -> pl.DataFrame:
    """Different words after trimming, without marks, and how often each is there."""
    different = text.alias("word").value_counts(name="count")
    trimmed = without_marks(different["word"], MARKS, missing)
    counted = different.with_columns(trimmed).drop_nulls("word")
    return counted.group_by("word", maintain_order=True).agg(pl.col("count").sum())
