"""A sweep's data: the rows of each part, scaled by what the networks were trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..checks import check_array, check_finite
from ..memory import check_memory
from ..tables.scaling import Scaler
from ..tables.target import Target, check_target, total_sum_of_squares
from .folds import Fold, Splitting, split_rows
from .identity import fingerprint
from .metrics import Metric, metric as metric_of


class Part(NamedTuple):
    """Scaled samples: X (rows, features) float32, y (rows,) class numbers or numbers."""

    X: np.ndarray
    y: np.ndarray
    target: np.ndarray

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray, rows: np.ndarray, scaler: Scaler, target: Scaler | None
    ) -> Part:
        """Some rows, scaled."""
        inputs = check_array("X", scaler.apply(X[rows]), np.float32)
        return cls(inputs, y[rows] if target is None else target.apply(y[rows]), y[rows])


class Folds(NamedTuple):
    """The rows of all folds, each fold scaled by the rows that it is trained on.

    No network has seen anything of what it is scored on, not even through a mean. So folds cannot
    share one scaled X: each has its own rows, and all are one array for one fit.

    Attributes
    ----------
    train : what fold 0 is trained on, then what fold 1 is trained on, ...
    rows : for each fold the numbers of its rows in ``train``
    validation : for each fold what its networks are scored on
    """

    train: Part
    rows: list[np.ndarray]
    validation: list[Part]
    target_scalers: list

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, folds: list[Fold], has_classes: bool) -> Folds:
        """The rows of folds; y is class numbers, or numbers that are scaled too.

        Raises
        ------
        MemoryError
            All folds' rows would not fit into the memory that is free.
        """
        rows = sum(len(train) + len(validation) for train, validation in folds)
        check_memory(f"the rows of {len(folds)} folds", rows * X.shape[1], "float32")
        ends = np.cumsum([len(fold.train) for fold in folds])
        train = Part(
            np.empty((ends[-1], X.shape[1]), np.float32),
            np.empty(ends[-1], y.dtype),
            np.empty(ends[-1], y.dtype),
        )
        rows_of, validation, scalers = [], [], []
        for fold, end in zip(folds, ends, strict=True):
            scaler = Scaler.of(X[fold.train])
            target = None if has_classes else Scaler.of(y[fold.train])
            part = Part.of(X, y, fold.train, scaler, target)
            own = np.arange(end - len(fold.train), end)
            train.X[own], train.y[own], train.target[own] = part
            scalers.append(target)
            rows_of.append(own)
            validation.append(Part.of(X, y, fold.validation, scaler, target))
        return cls(train, rows_of, validation, scalers)

    def of_networks(self, trials: int) -> tuple[list[np.ndarray], np.ndarray]:
        """``rows`` of a fit of all trials on fold 0, then all trials on fold 1, ..."""
        return self.rows, np.repeat(np.arange(len(self.rows)), trials)


@dataclass(frozen=True)
class SweepData:
    """What a sweep's networks learn from and are scored on.

    Attributes
    ----------
    folds : what all networks are trained on and ranked by
    winner : what the winner is trained on
    test : what is scored at the end
    scaler, target_scaler : of the winner; no target scaler where there are classes
    classes : names of the classes, empty for numbers
    refits : whether the winner is trained anew, and only then scored on the test part, as in a
        cross-validation
    fingerprints : by which a sweep that is resumed knows its data
    """

    folds: Folds
    winner: Part
    test: Part
    scaler: Scaler
    target_scaler: Scaler | None
    classes: list[str]
    refits: bool
    fingerprints: dict[str, str]
    target: Target
    metric: Metric

    @property
    def fold_target_scalers(self):
        return self.folds.target_scalers

    @classmethod
    def of(cls, X, y, task: str, splitting: Splitting, seed: int, metric=None) -> SweepData:
        """Split a table, and scale its parts.

        Raises
        ------
        TypeError, ValueError
            Bad input, such as a part to be scored on whose target does not vary.
        """
        X = check_finite("X", check_array("X", X, np.float64))
        target, classes = check_target(y, task)
        if X.ndim != 2 or len(X) != len(target):
            raise ValueError(f"X has shape {X.shape}, expected ({len(target)}, features)")
        rows = split_rows(X, target, len(classes), splitting, seed)
        scaler = Scaler.of(X[rows.winner])
        target_scaler = None if classes else Scaler.of(target[rows.winner])
        winner, test = (
            Part.of(X, target, part, scaler, target_scaler) for part in (rows.winner, rows.test)
        )
        folds = Folds.of(X, target, rows.folds, bool(classes))
        if not classes and metric in ("score", "r2"):
            _check_varies(folds, test, splitting)
        fingerprints = {
            "data": fingerprint(X, target),
            "classes": fingerprint(np.array(classes, str)),
            "folds": fingerprint(*(part for fold in rows.folds for part in fold)),
            "held_out": fingerprint(rows.winner, rows.test),
        }
        return cls(
            folds=folds,
            winner=winner,
            test=test,
            scaler=scaler,
            target_scaler=target_scaler,
            classes=classes,
            refits=splitting.cv is not None,
            fingerprints=fingerprints,
            target=Target(("",), "classes" if classes else "numbers", target, classes),
            metric=metric_of(metric, "classes" if classes else "numbers", len(classes) or 1),
        )


def _check_varies(folds: Folds, test: Part, splitting: Splitting) -> None:
    """Refuse parts without an R²: a single row, or targets that are all alike."""
    parts = {f"the validation part of fold {k}": part for k, part in enumerate(folds.validation)}
    advice = "give fewer folds, or others"
    if splitting.cv is None:
        parts = {"the validation part": folds.validation[0]}
        advice = f"give a larger share than validation={splitting.validation}"
    if len(test.X):
        parts["the test part"] = test
    for name, part in parts.items():
        if not 0.0 < total_sum_of_squares(part.y) < np.inf:
            alike = "a single row" if len(part.y) == 1 else f"{len(part.y)} rows of the same target"
            if part is test:
                advice = f"give a larger share than test={splitting.test}"
            raise ValueError(f"{name} has {alike}, so there is no R²: {advice}, or another seed")
