"""What is said of columns: short enough for a terminal's column."""

from __future__ import annotations

from ...plurals import many


def missing_in_all(rows: int) -> str:
    """Why a column without values is left out."""
    return f"missing in each of {many(rows, 'training row')}"


def same_in_all(value: str, rows: int) -> str:
    """Why a column of a single value is left out."""
    return f"{value} in each of {many(rows, 'training row')}"


def show(number: float) -> str:
    """A number without more digits than a person wants to see."""
    is_whole = abs(number) < 1e15 and number == round(number)
    return f"{number:.0f}" if is_whole else f"{number:.4g}"


def lacking(missing: int, rows: int) -> str:
    """How many rows lack a value, for the end of a sentence; "" if none does."""
    return f"; {missing:,} of {many(rows, 'row')} lack it" if missing else ""
