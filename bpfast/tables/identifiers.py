"""Columns that number or name the rows of a table, and say nothing of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

LEAST_ROWS = 10  # of a table in which integers that go up by one are taken for row numbers
LEAST_DIFFERENT = 0.9  # of the values, in a column that is called like an identifier
# Last words of an identifier's name: "customer_id", "RowNumber", "house no".
_LAST = frozenset(
    {
        *("id", "ids", "uid", "uuid", "guid", "key", "code", "no", "nr", "num", "number"),
        *("identifier", "rowid", "rownames"),
    }
)
# The first of several words: "id_customer".
_FIRST = frozenset({"id", "uuid", "guid"})
# Names of one word, and beginnings of names that a table's index has after it was saved.
_ALONE = frozenset(["index", "idx", "row", "rownum", "rownumber", "serial", "sl", "sno"])
_INDEX = ("unnamed: 0", "level_0", "...1", "__index")
_UNNAMED = ("", "rownames", "unnamed_1")  # names of a first column that has none
# What goes before "id" in names without a mark between: "customerid".
_OWNERS = (
    "account|case|client|company|customer|device|employee|house|household|item|listing|loan|member|"
    "order|passenger|patient|person|policy|product|record|row|sample|session|store|student|"
    "subject|ticket|transaction|user"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def find_identifiers(frame: pl.DataFrame, keep: Collection[str] = ()) -> dict[str, str]:
    """The columns of a whole table that are identifiers, and why.

    Row numbers are integers that go up by one, from 0 or 1, in the table's order. Identifiers are
    integers that are nearly all different in a column that is called so, and integers that only
    go up in a first column without a name. Words that are different in nearly every row are for
    the encoding, which sees them in training rows alone.

    Parameters
    ----------
    frame : a table with types
    keep : columns that are none
    """
    found = {}
    for k, series in enumerate(frame):
        if series.name in keep or not series.dtype.is_integer() or series.len() < 2:
            continue
        if _are_row_numbers(series):
            found[series.name] = "row number"
        elif (k == 0 and _is_index(series.name) and _go_up(series)) or (
            is_called_identifier(series.name) and _are_different(series)
        ):
            found[series.name] = "identifier"
    return found


def is_called_identifier(name: str) -> bool:
    """Whether a column's name says that it is an identifier."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return name.strip() == "#"
    if len(words) == 1 and (words[0] in _ALONE or re.fullmatch(f"(?:{_OWNERS})id", words[0])):
        return True
    is_row_index = words[-1] in ("index", "idx") and words[0] in ("row", "line", "sample", "record")
    return words[-1] in _LAST or words[0] in _FIRST or is_row_index or _is_index(name)


def _is_index(name: str) -> bool:
    """Whether a column is called like the index of a table that was saved with it."""
    return name.strip().lower().startswith(_INDEX) or name.strip() in _UNNAMED


def _are_row_numbers(series: pl.Series) -> bool:
    if series.len() < LEAST_ROWS or series.null_count() or series[0] not in (0, 1):
        return False
    return bool((series.diff().drop_nulls() == 1).all())


def _go_up(series: pl.Series) -> bool:
    return not series.null_count() and bool((series.diff().drop_nulls() > 0).all())


def _are_different(series: pl.Series) -> bool:
    values = series.drop_nulls()
    return values.len() >= LEAST_DIFFERENT * series.len() and (
        values.n_unique() >= LEAST_DIFFERENT * values.len()
    )
