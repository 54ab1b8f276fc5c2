"""The target: classes or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..checks import check_choice
from .scaling import Scaler

TASKS = ("auto", "classification", "regression")
MAX_CLASSES = 20  # different integers in a target that still count as classes
MAX_NUMBERS = 100  # different words that are numbers, in a target that still counts as classes
MAX_UNITS = 3  # different ways in which words are numbers with units: "€1.5M", "€900K", "€0"
LONG_TAIL = 2.0  # skewness above which a target may be trained on its logarithm
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

    @property
    def outputs(self) -> int:
        """How many outputs a network has for it."""
        if self.classes:
            return len(self.classes)
        return self.values.shape[1] if self.values.ndim > 1 else 1

    @property
    def meaning(self) -> dict[str, Any]:
        """What models and ensembles keep of it, by the names of their parameters."""
        return {
            "classes": self.classes,
            "target_names": self.names if any(self.names) else (),
            "labels": self.labels,
            "transform": self.transform,
        }

    def transformed(self) -> np.ndarray:
        """The values that networks are trained on, before scaling."""
        return to_training_scale(self.values, self.transform)


def to_training_scale(values: np.ndarray, transform: str) -> np.ndarray:
    """Numbers in the target's own units, as networks are trained on: "", "log" or "log1p"."""
    if not transform:
        return values
    return np.log(values) if transform == "log" else np.log1p(values)


def to_units(values: np.ndarray, transform: str) -> np.ndarray:
    """What :func:`to_training_scale` gave, in the target's own units again."""
    if not transform:
        return values
    return np.exp(values) if transform == "log" else np.expm1(values)


def in_units(numbers: np.ndarray, scaler: Scaler | None, transform: str) -> np.ndarray:
    """What networks predict of a target that was transformed and then scaled, in its own units."""
    if scaler is not None:
        numbers = scaler.invert(numbers)
    with np.errstate(over="ignore"):  # far from the training rows a number may be infinite
        return to_units(numbers, transform)


def class_name(value: object) -> str:
    """What a class is called: 1 and 1.0 alike, and without spaces around it."""
    return str(value).strip().removesuffix(".0")


def scaler_of(values: np.ndarray, transform: str) -> Scaler:
    """What scales numbers of training rows, in units, once they are transformed.

    A logarithm that is predicted a little too large is a number that is far too large. So back in
    units, predictions of logarithms go from half the least number to twice the greatest.
    """
    scaler = Scaler.of(to_training_scale(values, transform))
    if not transform:
        return scaler
    least, greatest = values.min(axis=0) / 2.0, values.max(axis=0) * 2.0
    low, high = (to_training_scale(bound, transform) for bound in (least, greatest))
    return replace(scaler, low=low, high=high)


def find_target(
    columns: Mapping[str, np.ndarray], task: str = "auto", transform: str = "none"
) -> Target:
    """What a target is: classes, labels or numbers.

    Parameters
    ----------
    columns : for each name (rows,) numbers, truth values or words, none missing
    task : "classification", "regression", or "auto" to see from the target
    transform : "none"; "log" for the logarithm of numbers (of 1 + them, if some are 0); "auto" for
        that where numbers have a long tail above

    Raises
    ------
    ValueError
        No rows, missing values, words or a constant for a regression, one class only, or nearly
        one for each row; several columns that are neither all numbers nor all of two values; a
        transform of classes or of negative numbers.
    """
    check_choice("task", task, TASKS)
    check_choice("target_transform", transform, TRANSFORMS)
    names = tuple(columns)
    for name, y in columns.items():
        _check_finite(y, f"target {name!r}" if name else "the target")
    if len(columns) == 1:
        values, classes = _check_one(columns[names[0]], task)
        target = Target(names, "classes" if classes else "numbers", values, classes)
    elif task != "regression" and _are_labels(columns, task):
        target = _find_labels(columns)
    else:
        target = Target(names, "numbers", _find_outputs(columns))
    if transform == "none":
        return target
    if target.kind != "numbers":
        if transform == "auto":
            return target
        raise ValueError(
            f"target_transform={transform!r} is for a target of numbers, and this has "
            f"{target.kind}: leave it out"
        )
    return replace(target, transform=_find_transform(target.values, transform))


def target_like(columns: Mapping[str, np.ndarray], target: Target) -> Target:
    """The target of other rows, with the classes, labels and transform of one that is known.

    Raises
    ------
    ValueError
        A value that the known target has not; text among numbers.
    """
    if target.kind == "numbers":
        outputs = [_as_numbers(name, y) for name, y in columns.items()]
        return replace(target, values=outputs[0] if len(outputs) == 1 else np.stack(outputs, 1))
    known = target.labels or {target.names[0]: target.classes}
    codes = [
        _find_codes(name, y, own)
        for (name, y), own in zip(columns.items(), known.values(), strict=True)
    ]
    values = np.stack(codes, 1).astype(np.float64) if target.labels else codes[0]
    return replace(target, values=values)


def total_sum_of_squares(y: np.ndarray) -> float:
    """The sum of squared deviations from the mean, which R² divides by.

    It is 0 for a constant, and NaN or infinite where float64 overflows.
    """
    if y.min() == y.max():  # rounding gives ten times 0.1 a deviation of 1e-17
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(((y - y.mean()) ** 2).sum())


def _check_one(y: np.ndarray, task: str) -> tuple[np.ndarray, list[str]]:
    """One column as class numbers with the classes' names, or as numbers without."""
    if y.ndim != 1:
        raise ValueError(f"the target must be one column, got shape {y.shape}")
    if not len(y):
        raise ValueError("the target has no rows")
    if task == "auto":
        _check_words(y)
        task = "classification" if _looks_like_classes(y) else "regression"
    return (_check_numbers(y), []) if task == "regression" else _check_classes(y)


def _check_finite(y: np.ndarray, name: str) -> None:
    if _is_numeric(y) and not np.isfinite(y.astype(float)).all():
        raise ValueError(f"{name} is not finite at index {int(np.argmin(np.isfinite(y)))}")


def _is_numeric(y: np.ndarray) -> bool:
    return y.dtype.kind in "iufb"


def _looks_like_classes(y: np.ndarray) -> bool:
    """Whether a target is text, or integers of which few are different."""
    if not _is_numeric(y):
        return True
    integers = (y.astype(float) == np.floor(y.astype(float))).all()
    return integers and len(np.unique(y)) <= min(MAX_CLASSES, len(y) // MIN_ROWS)


def _check_words(y: np.ndarray) -> None:
    """Refuse words that are numbers but for a few, which nobody means to be classes."""
    values = np.empty(0) if _is_numeric(y) else np.unique(y)
    if len(values) > MAX_CLASSES:
        _check_units(values)
    if len(values) <= MAX_NUMBERS:
        return
    words = [value for value in values if not _is_number(value)]
    if len(words) < len(values) / 2:
        but = f", but {str(words[0])!r}" if words else f" as text, such as {str(values[0])!r}"
        say = "what stands for missing values (missing)" if words else "the decimal mark (decimal)"
        raise ValueError(
            f"the target has {len(values)} different values, mostly numbers{but}: say {say}, or "
            "that it is a classification (task)"
        )


def _check_units(values: np.ndarray) -> None:
    """Refuse words of which most are numbers with a few units, such as 23.4 kmpl and 4.1/5."""
    measured = [word for word in map(str, values) if re.match(r"\W?\d", word)]
    measured = [word for word in measured if not _is_number(word)]
    units = {re.sub(r"\d[\d.,]*", "", word) for word in measured}
    if len(measured) > len(values) / 2 and len(units) <= MAX_UNITS:
        raise ValueError(
            f"the target has {len(values)} different values, mostly numbers with units such as "
            f"{measured[0]!r}: make numbers of them, or say that it is a classification (task)"
        )


def _is_number(word: object) -> bool:
    try:
        float(str(word))
    except ValueError:
        return False
    return True


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


def _are_labels(columns: Mapping[str, np.ndarray], task: str) -> bool:
    """Whether each of several columns has two values, which are no numbers with fractions.

    Raises
    ------
    ValueError
        A classification, or words, with other than two values in a column.
    """
    values = {name: np.unique(y) for name, y in columns.items()}
    several = [name for name, own in values.items() if len(own) != 2]
    if not several and (task == "classification" or all(map(_are_whole, values.values()))):
        return True
    words = [name for name, own in values.items() if not _is_numeric(own)]
    if words or task == "classification":
        name = (several or [name for name in values if name not in words])[0]
        found = f"{len(values[name])} different values, such as {values[name][0]}"
        raise ValueError(
            f"the targets {', '.join(columns)} are neither numbers alone nor labels of two values "
            f"each: {name!r} has {found}; give targets of one kind, or one target of classes"
        )
    return False


def _are_whole(values: np.ndarray) -> bool:
    return not _is_numeric(values) or bool((values == np.floor(values.astype(float))).all())


def _find_labels(columns: Mapping[str, np.ndarray]) -> Target:
    codes, labels = [], {}
    for name, y in columns.items():
        values, numbers = np.unique(y, return_inverse=True)
        labels[name] = [str(value) for value in values]
        codes.append(numbers)
    values = np.stack(codes, axis=1).astype(np.float64)
    return Target(tuple(columns), "labels", values, labels=labels)


def _find_outputs(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    outputs = []
    for name, y in columns.items():
        try:
            outputs.append(_check_numbers(y))
        except ValueError as error:
            raise ValueError(f"target {name!r}: {error}") from None
    return np.stack(outputs, axis=1)


def _find_transform(values: np.ndarray, transform: str) -> str:
    """The logarithm to train on; "" where "auto" was asked and it would not shorten the tail."""
    lowest = values.min()
    if lowest < 0:
        if transform == "auto":
            return ""
        raise ValueError(
            f"target_transform='log' is for a target without negative numbers, and this has "
            f"{lowest:g}: leave it out"
        )
    found = "log" if lowest > 0 else "log1p"
    if transform == "auto":
        before, after = _skewness(values), _skewness(to_training_scale(values, found))
        if not (before > LONG_TAIL and abs(after) < before):
            return ""
    return found


def _skewness(values: np.ndarray) -> float:
    """The mean cubed standardised deviation, of the output that has the least."""
    deviations = (values - values.mean(axis=0)) / values.std(axis=0)
    return float(np.min((deviations**3).mean(axis=0)))


def _as_numbers(name: str, y: np.ndarray) -> np.ndarray:
    if not _is_numeric(y):
        raise ValueError(f"target {name!r} has {str(y[0])!r}, expected numbers as in training")
    return y.astype(np.float64)


def _find_codes(name: str, y: np.ndarray, known: list[str]) -> np.ndarray:
    """Which of the known values each value is."""
    values, numbers = np.unique(y, return_inverse=True)
    codes = {class_name(value): code for code, value in enumerate(known)}
    names = [_known_name(value, codes) for value in values]
    unknown = [str(value) for value, own in zip(values, names, strict=True) if own not in codes]
    if unknown:
        raise ValueError(
            f"target {name!r} has {unknown[0]!r}, expected one of {', '.join(known)}: leave such "
            "rows out"
        )
    return np.array([codes[own] for own in names])[numbers]


def _known_name(value: object, known: Mapping[str, int]) -> str:
    """A class's name, which may end in a full stop in some files, as in UCI's adult.test."""
    name = class_name(value)
    return name if name in known else name.removesuffix(".")
