"""The target: classes or numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TASKS = ("auto", "classification", "regression")
MAX_CLASSES = 100  # different integers in a target that still count as classes
MIN_ROWS = 3  # of a class, on average: training, validation and test want one each


TRANSFORMS = ("none", "log", "auto")  # of a target of numbers, as asked for


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Attributes
    ----------
    names : of the target's columns; ("",) for an array, which has no name
    kind : "classes", "labels" or "numbers"
    values : (rows,) class numbers; (rows, labels) float64 of 0 and 1; (rows,) or (rows, outputs)
        float64 in the target's own units
    classes : names of the classes, empty for labels and numbers
    labels : for each column of labels the names of its two values, 0 and 1 in that order
    transform : "log" or "log1p" if networks are trained on logarithms, "" if on the numbers
    """

    names: tuple[str, ...]
    kind: str
    values: np.ndarray
    classes: list[str] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=dict)
    transform: str = ""

    def transformed(self) -> np.ndarray:
        """The values that networks are trained on, before scaling."""
        return to_training_scale(self.values, self.transform)


def to_training_scale(values: np.ndarray, transform: str) -> np.ndarray:
    """Numbers in the target's own units, as networks are trained on: "", "log" or "log1p"."""
    return {"": np.asarray, "log": np.log, "log1p": np.log1p}[transform](values)


def to_units(values: np.ndarray, transform: str) -> np.ndarray:
    """What :func:`to_training_scale` gave, in the target's own units again."""
    return {"": np.asarray, "log": np.exp, "log1p": np.expm1}[transform](values)


def check_target(y: np.ndarray, task: str = "auto") -> tuple[np.ndarray, list[str]]:
    """The target as class numbers with the classes' names, or as numbers without.

    Raises
    ------
    ValueError
        No rows, missing values, text or a constant for a regression, one class only, or nearly one
        for each row.
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(f"the target must be one column, got shape {y.shape}")
    if not len(y):
        raise ValueError("the target has no rows")
    if _is_numeric(y) and not np.isfinite(y.astype(float)).all():
        raise ValueError(f"the target is not finite at index {int(np.argmin(np.isfinite(y)))}")
    if task == "auto":
        task = "classification" if _looks_like_classes(y) else "regression"
    return (_check_numbers(y), []) if task == "regression" else _check_classes(y)


def total_sum_of_squares(y: np.ndarray) -> float:
    """The sum of squared deviations from the mean, which R² divides by.

    It is 0 for a constant, and NaN or infinite where float64 overflows.
    """
    if y.min() == y.max():  # rounding gives ten times 0.1 a deviation of 1e-17
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(((y - y.mean()) ** 2).sum())


def _is_numeric(y: np.ndarray) -> bool:
    return y.dtype.kind in "iufb"


def _looks_like_classes(y: np.ndarray) -> bool:
    """Whether a target is text, or integers of which few are different."""
    if not _is_numeric(y):
        return True
    integers = (y.astype(float) == np.floor(y.astype(float))).all()
    return integers and len(np.unique(y)) <= min(MAX_CLASSES, len(y) // MIN_ROWS)


def _check_numbers(y: np.ndarray) -> np.ndarray:
    if not _is_numeric(y):
        raise ValueError(f"regression needs a target of numbers, got {str(y[0])!r}")
    y = y.astype(np.float64)
    if y.min() == y.max():
        raise ValueError(f"the target is {y[0]:g} in every row: a regression needs one that varies")
    if not 0.0 < total_sum_of_squares(y) < np.inf:
        raise ValueError(
            f"the target goes from {y.min():g} to {y.max():g}: float64 does not hold the squares "
            "of its deviations; scale it first"
        )
    return y


def _check_classes(y: np.ndarray) -> tuple[np.ndarray, list[str]]:
    values, numbers = np.unique(y, return_inverse=True)
    if len(values) < 2:
        raise ValueError(f"the target has one class only: {values[0]}")
    if len(values) > len(y) // MIN_ROWS:
        raise ValueError(
            f"the target has {len(values)} different values in {len(y)} rows, such as {values[0]}: "
            f"classes need {MIN_ROWS} rows each on average; a number is for task regression"
        )
    return numbers, [str(value) for value in values]
