"""Columns that have a type already, as those of a Parquet file."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ...plurals import many
from .numbers import drop_infinite


def check_native(series: pl.Series) -> None:
    """Refuse a column of lists, bytes or objects with ``ValueError``."""
    if series.dtype.is_nested() or isinstance(series.dtype, (pl.Object, pl.Binary)):
        raise ValueError(
            f"column {series.name!r} has the type {series.dtype}: expected numbers, words, truth "
            "values or dates; leave it out, or make such columns of it"
        )


def convert_native(series: pl.Series, missing: Collection[str] = ()) -> tuple[pl.Series, str]:
    """A column as one of few types, null for what is missing, and what was done with it.

    Parameters
    ----------
    missing : words that stand for missing values; numbers among them count in numbers
    """
    dtype = series.dtype
    if isinstance(dtype, pl.Decimal) or str(dtype).endswith("Int128"):  # NumPy has neither
        return drop_infinite(series.cast(pl.Float64), missing), ""
    if isinstance(dtype, pl.Duration):
        return series.dt.total_microseconds() / 1e6, "seconds"
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return series.dt.convert_time_zone("UTC").dt.replace_time_zone(None), "times in UTC"
    if dtype == pl.Null:
        return series.cast(pl.Float64), "no values"
    if not dtype.is_numeric():
        return series, ""
    infinite = int(series.is_infinite().sum()) if dtype.is_float() else 0
    note = f"infinite in {many(infinite, 'row')}, which counts as missing" if infinite else ""
    return drop_infinite(series, missing), note
