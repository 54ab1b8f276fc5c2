"""What each column of a table is for, and the columns that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A column's name, or its position: 1 is the first, -1 the last.
Column = str | int


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for: names or positions, as the user gave them.

    Attributes
    ----------
    target : one column or several; or an array beside the table, (rows,) or (rows, outputs)
    groups, time, weight : a column each, or an array beside the table, (rows,)
    drop : columns that are no inputs
    numeric, categorical : columns that are numbers, and words, whatever they look like
    keep : columns that stay inputs, whatever they look like
    """

    target: Any
    groups: Any = None
    time: Any = None
    weight: Any = None
    drop: Column | Sequence[Column] = ()
    numeric: Column | Sequence[Column] = ()
    categorical: Column | Sequence[Column] = ()
    keep: Column | Sequence[Column] = ()


def find_columns(names: Sequence[str], asked: Column | Sequence[Column], option: str) -> list[str]:
    """The columns that were asked for, in the order in which they were.

    Parameters
    ----------
    names : of the table's columns, in order
    asked : a name, several names with commas between, a position (1 is the first, -1 the last),
        or a list of these. A name that is there with its comma, or its digits, is that column.
    option : what they were asked for with, such as ``--drop``, for the message

    Raises
    ------
    ValueError
        A column that is not there. The message lists the columns, and the nearest name.
    """
    if isinstance(asked, str):
        asked = [asked] if _clean(asked) in map(_clean, names) else asked.split(",")
    elif isinstance(asked, int):
        asked = [asked]
    found = [_find_column(names, column, option) for column in asked if column != ""]
    return list(dict.fromkeys(found))


def _find_column(names: Sequence[str], column: Column, option: str) -> str:
    raise NotImplementedError
