"""Columns of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...plurals import many
from .column import Column, FittedColumn
from .input_scales import fit_scaler
from .left_out import LeftOut
from .raw import read_numbers
from .sentences import missing_in_all, same_in_all, show


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
    decimal : the decimal mark in text, or "" to see it from the text
    """

    median: float | None
    missing: int = 0
    rows: int = 0
    boolean: bool = False
    decimal: str = ""
    kind: ClassVar[str] = "number"

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} is missing"] if self.missing else [self.name]

    @property
    def bounded(self) -> list[bool]:
        return [self.boolean, True] if self.missing else [self.boolean]

    @property
    def done(self) -> str:
        if not self.missing:
            return "1 for true, 0 for false" if self.boolean else "as it is"
        return (
            f"{self.missing:,} of {many(self.rows, 'training row')} lack it: "
            f"their median, {show(self.median or 0.0)}, and a 0/1 input"
        )

    @classmethod
    def of(cls, name: str, numbers: np.ndarray, boolean: bool = False) -> Number:
        """From the training rows' numbers, NaN where they are missing."""
        missing = np.isnan(numbers)
        return cls(
            name=name,
            median=0.0 if missing.all() else float(np.median(numbers[~missing])),
            missing=int(missing.sum()),
            rows=len(numbers),
            boolean=boolean,
        )

    def inputs(self, values) -> Iterable[np.ndarray]:
        return self.inputs_of(
            read_numbers(self.name, values, self.decimal, self.marks, self.boolean)
        )

    def inputs_of(self, numbers: np.ndarray) -> list[np.ndarray]:
        """The inputs for float64 numbers, NaN where they are missing."""
        missing = np.isnan(numbers)
        if self.median is not None and missing.any():
            numbers = np.where(missing, self.median, numbers)
        return [numbers, missing.astype(np.float64)] if self.missing else [numbers]


def fit_number(name: str, values, keep: bool = False) -> FittedColumn | LeftOut:
    """What the training rows' values say of a column of numbers.

    ``keep`` says that a column of one number must be kept.
    """
    numbers = read_numbers(name, values)
    column = Number.of(name, numbers, boolean=str(values.dtype) == "Boolean")
    if column.missing == len(numbers):
        return LeftOut(name=name, reason=missing_in_all(len(numbers)))
    if not (keep or column.missing) and numbers.min() == numbers.max():
        return LeftOut(name=name, reason=same_in_all(show(numbers[0]), len(numbers)))
    return FittedColumn(column, fit_scaler(column.inputs_of(numbers), column.bounded))
