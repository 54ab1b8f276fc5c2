"""Marks of missing values, and the spaces and quotes around values."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

# In a column of words these may well be words: a class "none", the classes "+" and "-".
MARKS_OR_WORDS = frozenset(
    {"-", "--", "\u2013", "\u2014", ".", "..", "...", ":", "*", "nil", "none", "missing"}
)
# What stands for a missing value among numbers, truth values, dates and times, in lower case.
MARKS = MARKS_OR_WORDS | {
    *("", "?", "na", "n/a", "n.a.", "nan", "-nan", "nat", "null"),
    *("#n/a", "#na", "<na>", "(null)", "\\n", "#null!", "#div/0!", "#value!"),
}
# What stands for a missing value among words, in lower case.
MARKS_AMONG_WORDS = MARKS - MARKS_OR_WORDS
# Among the marks of a column of numbers: whatever is no number counts as missing.
ANY_WORD = "(any word)"


def trim(text: pl.Series) -> pl.Series:
    """Text without the spaces around it, and without the quotes around that."""
    text = text.str.strip_chars()
    quoted = text.str.contains(r"""^["']""")
    if not quoted.any():
        return text
    bare = text.str.replace(r"""(?s)^"(.*)"$""", "$1").str.replace("(?s)^'(.*)'$", "$1")
    return bare.str.strip_chars()


def without_marks(
    text: pl.Series, marks: Collection[str] = MARKS, missing: Collection[str] = ()
) -> pl.Series:
    """Trimmed text, null where it is a mark of a missing value in any case."""
    trimmed = trim(text)
    marked = trimmed.str.to_lowercase().is_in([*marks, *(mark.strip().lower() for mark in missing)])
    return trimmed.set(marked, None)


def numbers_among(missing: Collection[str]) -> list[float]:
    """The numbers among words that stand for missing values, such as -999."""
    if not missing:
        return []
    numbers = (
        pl.Series([*missing], dtype=pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    )
    return numbers.drop_nulls().drop_nans().to_list()


def to_text(series: pl.Series) -> pl.Series:
    """Words of any type, such as an Enum's, as text."""
    if isinstance(series.dtype, pl.Duration):  # as seconds, like a column of numbers
        series = series.dt.total_microseconds() / 1e6
    if isinstance(series.dtype, pl.Datetime):  # as Python writes them, and files of pandas
        return series.dt.to_string("%Y-%m-%d %H:%M:%S%.f")
    return series if series.dtype == pl.String else series.cast(pl.String)
