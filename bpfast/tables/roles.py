"""What each column of a table is for, and the columns that a user names."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# A column's name, or its position: 1 is the first, -1 the last.
Column = str | int
DROPPED = "dropped"  # why a column of the role drop is left out
MOST_SHOWN = 12  # columns in a message


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for: names or positions, as the user gave them.

    Attributes
    ----------
    target : one column or several; or an array beside the table, (rows,) or (rows, outputs)
    groups, time_column, sample_weight : a column each, or an array beside the table, (rows,)
    drop : columns that are no inputs
    numeric, categorical : columns that are numbers, and words, whatever they look like
    keep : columns that stay inputs, whatever they look like
    """

    target: Any
    groups: Any = None
    time_column: Any = None
    sample_weight: Any = None
    drop: Column | Sequence[Column] = ()
    numeric: Column | Sequence[Column] = ()
    categorical: Column | Sequence[Column] = ()
    keep: Column | Sequence[Column] = ()


def find_columns(
    names: Sequence[str], asked: Column | np.integer | Iterable[Column], option: str
) -> list[str]:
    """The columns that were asked for, in the order in which they were.

    Parameters
    ----------
    names : of the table's columns, in order
    asked : a name, several names with commas between, a position (1 is the first, -1 the last),
        or a list of these. Spaces and quotes around a name do not matter. A column that is called
        like that, with commas or digits, comes before a list and a position.
    option : what asks for them, such as "drop", for messages

    Raises
    ------
    ValueError
        A column that is not there. The message lists the columns, and the nearest name.
    """
    is_one = isinstance(asked, (str, int, np.integer))
    listed: Iterable[Any] = [asked] if is_one else asked  # type: ignore[assignment]
    found: dict[str, None] = {}
    for column in listed:
        parts: Sequence[Column] = [column]
        if isinstance(column, str) and "," in column and not _called(names, column):
            parts = next(csv.reader([column], skipinitialspace=True))
        found |= {_find(names, part, option): None for part in parts}
    return [*found]


def list_names(names: Sequence[str], *, quoted: bool = False) -> str:
    """The first of many names, for a message; one that has a comma is in quotes."""
    shown = ", ".join(repr(name) if quoted or "," in name else name for name in names[:MOST_SHOWN])
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"{shown}{more}"


def _find(names: Sequence[str], column: Column, option: str) -> str:
    """One column's name."""
    called = _called(names, str(column))
    if str(column) in called:
        return str(column)
    if len(called) == 1:
        return called[0]
    try:
        position = int(column)
    except ValueError:
        position = 0
    if 1 <= abs(position) <= len(names):
        return names[position - 1 if position > 0 else position]
    raise ValueError(f"{option}: there is no column {column!r}{_advice(names, column)}")


def _called(names: Sequence[str], column: str) -> list[str]:
    """The columns of a name, whatever spaces and quotes are around it."""
    return [name for name in names if _bare(name) == _bare(column)]


def _bare(name: str) -> str:
    name = name.strip()
    quoted = len(name) > 1 and name[0] == name[-1] and name[0] in "\"'"
    return name[1:-1].strip() if quoted else name


def _advice(names: Sequence[str], column: Column) -> str:
    """The nearest name, and all names, for a message."""
    if not names:
        return ": the table has no columns"
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(column).strip().lower(), [*lower], n=1)
    meant = f", but {lower[near[0]]!r}" if near else ""
    positions = f"name one, or give its position from 1 to {len(names)}, or from -1 for the last"
    return f"{meant}; the columns are {list_names(names)}: {positions}"
