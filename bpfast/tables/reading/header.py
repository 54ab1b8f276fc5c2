"""Whether the first line of a table names its columns, and the names."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING

from ...errors import import_optional

if TYPE_CHECKING:
    import polars as pl


COLUMNS = 100  # that a header is seen from, at most
_QUOTED = re.compile(r"""^(["'])(.*)\1$""", re.DOTALL)


def has_header(
    rows: list[list[str]], missing: Collection[str] = (), decimal: str | None = None
) -> bool:
    """Whether the first of some rows is a header, judged by its columns' values below.

    It is one if a cell is a word in a column of numbers or moments; else it is none if cells are
    numbers or moments, or come again below. A row of words that never come again is a header, and
    so is one of numbers that go up by one, as no other row's: years, or pandas' own names.
    """
    first, *below = [[cell.strip() for cell in row[:COLUMNS]] for row in rows]
    if _count_up(first) and below and not any(map(_count_up, below)):
        return True
    if not below:
        return "number" not in _kinds([first], missing, decimal)
    above = _kinds([first], missing, decimal)
    others = [row for row in below if row != first] or below  # headers come again in joined files
    kinds = _kinds(others, missing, decimal)
    has_values = False
    for k, cell in enumerate(first):
        if above[k] == "holes":
            continue
        if _comes_again(cell, k, others):
            has_values = True
        elif _differs(above[k], kinds[k]):
            return True
        elif above[k] != "words" or _comes_again(cell, k, below):
            has_values = True
    return not has_values


def column_names(cells: list[str]) -> tuple[list[str], dict[str, str]]:
    """Different names from a header's cells, and notes on those that were not different."""
    names: dict[str, None] = {}
    notes: dict[str, str] = {}
    for k, cell in enumerate(cells):
        told = _QUOTED.sub(r"\2", cell.strip()).strip() or f"unnamed_{k + 1}"
        name, copy = told, 1
        while name in names:
            copy += 1
            name = f"{told}_{copy}"
        if copy > 1:
            notes[name] = f"one of several columns named {told}"
        names[name] = None
    return [*names], notes


def _kinds(rows: list[list[str]], missing: Collection[str], decimal: str | None) -> list[str]:
    """What each column's values are."""
    pl = import_optional("polars", "cli")
    from ..values import typed  # it imports polars

    names = [f"column_{k}" for k in range(len(rows[0]))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return [_kind(series) for series in typed(frame, missing, decimal).frame]


def _kind(series: pl.Series) -> str:
    if series.null_count() == len(series):
        return "holes"
    if series.dtype.is_numeric():
        return "number"
    return "moment" if series.dtype.is_temporal() else "words"


def _count_up(cells: list[str]) -> bool:
    """Whether at least three cells are integers, and all of these go up by one."""
    integers = [int(cell) for cell in map(str.strip, cells) if re.fullmatch("[0-9]{1,9}", cell)]
    return len(integers) >= 3 and all(b - a == 1 for a, b in pairwise(integers))


def _comes_again(cell: str, k: int, below: list[list[str]]) -> bool:
    """Whether a word is below in its column, too."""
    return any(row[k] == cell for row in below)


def _differs(above: str, below: str) -> bool:
    """Whether a cell is unlike all values below it, as names are."""
    return below not in ("words", "holes") and above != below
