"""Other rows of a table whose columns' types are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import polars as pl

from .values import Writing, as_booleans, as_moments, as_numbers, as_words
from .values.native import check_native


class KnownInputs(NamedTuple):
    """The inputs of a data set, which other rows are read like.

    Attributes
    ----------
    frame : the inputs
    writing : how those that came as text were written
    """

    frame: pl.DataFrame
    writing: Mapping[str, Writing]

    def read(self, rows: pl.DataFrame, missing: Collection[str] = ()) -> pl.DataFrame:
        """The inputs among the columns of other rows, with the types that they have here.

        Parameters
        ----------
        missing : words that stand for missing values, beside the usual ones

        Raises
        ------
        ValueError
            A value that is not of its column's type.
        """
        known = self.frame.schema
        return pl.DataFrame(
            [self._read(series, missing) for series in rows if series.name in known]
        )

    def _read(self, series: pl.Series, missing: Collection[str]) -> pl.Series:
        check_native(series)
        name, dtype = series.name, self.frame.schema[series.name]
        writing = self.writing.get(name, Writing())
        marks = (*missing, *writing.missing)
        if dtype.is_temporal():
            moments = as_moments(series, writing.date_format or None, marks)
            return (moments.dt.time() if dtype == pl.Time else moments.cast(dtype)).alias(name)
        if dtype == pl.Boolean:
            truths = pl.Series(name, as_booleans(series, marks)).fill_nan(None)
            return truths.cast(pl.Boolean)
        if not dtype.is_numeric():
            return as_words(series, marks)
        numbers, wrong_row = as_numbers(series, writing.decimal or None, marks)
        if wrong_row is not None:
            raise ValueError(
                f"column {name!r} has {series[wrong_row]!r} in row {wrong_row + 1}, expected "
                "numbers as in the other rows"
            )
        return pl.Series(name, numbers).fill_nan(None)
