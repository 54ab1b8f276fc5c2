"""Columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import import_optional
from .column import Column, FittedColumn, as_series, count, fit_scaler, missing_in_all, stack
from .left_out import LeftOut
from .stand_in import as_numbers


@dataclass(frozen=True, kw_only=True)
class Number(Column):
    """Numbers, and a second input that is 1 where a number is missing.

    Parameters
    ----------
    median : of the training rows: what is taken where a number is missing; None for a column of
        an older version's model, where NaN stays NaN
    missing, rows : how many training rows lack the number, of how many; the second input is there
        if any does
    boolean : whether the numbers are truths, 0 and 1
    """

    median: float | None
    missing: int = 0
    rows: int = 0
    boolean: bool = False
    kind: ClassVar[str] = "number"

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} is missing"] if self.missing else [self.name]

    @property
    def flags(self) -> list[bool]:
        return [self.boolean, True] if self.missing else [self.boolean]

    @property
    def done(self) -> str:
        if not self.missing:
            return "1 for true, 0 for false" if self.boolean else "as it is"
        return (
            f"{self.missing:,} of {count(self.rows, 'training row')} lack it: "
            f"their median, {self.median:g}, and a 0/1 input"
        )

    @classmethod
    def of(cls, name: str, numbers: np.ndarray, note: str = "", boolean: bool = False) -> Number:
        """From the training rows' numbers, NaN where they are missing."""
        missing = np.isnan(numbers)
        median = 0.0 if missing.all() else float(np.median(numbers[~missing]))
        return cls(
            name=name,
            note=note,
            median=median,
            missing=int(missing.sum()),
            rows=len(numbers),
            boolean=boolean,
        )

    def encode(self, values) -> np.ndarray:
        inputs = self.inputs(read_numbers(self.name, values))
        return stack(inputs, len(values), len(self.features))

    def inputs(self, numbers: np.ndarray) -> list[np.ndarray]:
        """The inputs, (rows,) each, for float64 numbers that are NaN where they are missing."""
        missing = np.isnan(numbers)
        if self.median is not None and missing.any():
            numbers = np.where(missing, self.median, numbers)
        return [numbers, missing.astype(np.float64)] if self.missing else [numbers]


def read_numbers(name: str, values) -> np.ndarray:
    """A column's numbers in float64, NaN where they are missing or infinite.

    Raises
    ------
    ValueError
        Text that is no number; the message names column, row and value.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
    else:
        numbers = _read_series(name, values)
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def fit_number(name: str, values, note: str = "", keep: bool = False) -> FittedColumn | LeftOut:
    """What the training rows' values say of a column of numbers."""
    numbers = read_numbers(name, values)
    column = Number.of(name, numbers, note, boolean=str(values.dtype) == "Boolean")
    if column.missing == len(numbers):
        return LeftOut(name=name, note=note, reason=missing_in_all(len(numbers)))
    if not (keep or column.missing) and numbers.min() == numbers.max():
        reason = f"{column.median:g} in each of {count(len(numbers), 'training row')}"
        return LeftOut(name=name, note=note, reason=reason)
    return FittedColumn(column, fit_scaler(column.inputs(numbers), column.flags))


def _read_series(name: str, values) -> np.ndarray:
    pl = import_optional("polars", "sweep")
    series = as_series(name, values)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return series.cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)
    numbers, bad = as_numbers(series)
    if bad is not None:
        raise ValueError(
            f"column {name!r} has {series[bad]!r} in row {bad + 1}, expected numbers, which the "
            "model was trained with"
        )
    return numbers
