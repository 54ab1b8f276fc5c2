"""Stands in for tables/values/ until it is here."""

import numpy as np
import polars as pl

MARKS = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "nil", "none", "null", "missing"}


def as_numbers(series, decimal=None, missing=()):
    text = series.cast(pl.String).str.strip_chars()
    null = text.str.to_lowercase().is_in(list(MARKS)).fill_null(True)
    numbers = text.cast(pl.Float64, strict=False)
    bad = numbers.is_null() & ~null
    row = int(bad.arg_max()) if bad.any() else None
    return numbers.fill_null(np.nan).to_numpy(writable=True), row


def as_words(series):
    if series.dtype.is_float():
        whole = series.cast(pl.Int64, strict=False)
        if (whole.cast(pl.Float64) == series).all():
            series = whole
    text = series.cast(pl.String).str.strip_chars()
    marks = text.str.to_lowercase().is_in(list(MARKS))
    return pl.select(pl.when(~marks).then(text).alias(series.name)).to_series()


def as_moments(series, format):
    if series.dtype == pl.String:
        return series.str.to_datetime(format, strict=False)
    if series.dtype == pl.Time:
        return (series.cast(pl.Int64) // 1000).cast(pl.Datetime("us"))
    return series.cast(pl.Datetime("us"))
