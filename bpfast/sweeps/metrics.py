"""What networks are ranked by: metrics under scikit-learn's scoring names."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import missing_extra
from ..tables.target import total_sum_of_squares
from .vectorized import VECTORIZED

DEFAULTS = {
    "classes": "neg_log_loss",
    "labels": "neg_log_loss",
    "numbers": "neg_root_mean_squared_error",
}
SCORE = "score"  # the metric that estimators of scikit-learn have as their method ``score``
SCORES = {"classes": "accuracy", "labels": "accuracy", "numbers": "r2"}
DISPLAY_NAMES = {
    "r2": "R²",
    "neg_root_mean_squared_error": "RMSE",
    "neg_mean_squared_error": "MSE",
    "neg_mean_absolute_error": "MAE",
}
DISPLAY_WORDS = {"roc": "ROC", "auc": "AUC", "f1": "F1", "d2": "D²", "brier": "Brier"}
OLDER_NAMES = {"R²": "r2"}  # of metrics in files of bpfast before it took scoring names


@dataclass(frozen=True)
class Metric:
    """A metric under scikit-learn's scoring name: the greater a score is, the better.

    Attributes
    ----------
    name : such as "accuracy", or "neg_log_loss" for minus the log loss
    """

    name: str

    @property
    def sign(self) -> int:
        """-1 where scores are losses with a minus before them, else 1."""
        return -1 if self.name.startswith("neg_") else 1

    @property
    def label(self) -> str:
        """What people call it, such as "log loss"."""
        words = self.name.removeprefix("neg_").removesuffix("_score").split("_")
        return DISPLAY_NAMES.get(
            self.name, " ".join(DISPLAY_WORDS.get(word, word) for word in words)
        )

    def value(self, score: float) -> float:
        """A score as people know it: a loss without the minus."""
        return self.sign * float(score) + 0.0  # no minus before a zero

    def format(self, score: float) -> str:
        """A score in text: to four decimals, a loss to four significant digits at least."""
        value = self.value(score)
        if self.sign > 0 or value == 0 or not np.isfinite(value):
            return f"{value:.4f}"
        magnitude = int(np.floor(np.log10(abs(value))))
        if not -5 < magnitude < 12:
            return f"{value:.3e}"
        return f"{value:,.{max(0, 3 - magnitude)}f}"

    def scores(self, predicted: np.ndarray, truth: np.ndarray, kind: str) -> np.ndarray:
        """The score of each network.

        Parameters
        ----------
        predicted : (networks, rows, outputs) probabilities, or numbers in the target's units
        truth : (rows,) class numbers; (rows, labels) of 0 and 1; (rows,) or (rows, outputs) numbers
        kind : "classes", "labels" or "numbers"

        Returns
        -------
        (networks,) float64: NaN where predictions are not finite, or the metric is not defined
        """
        if kind == "numbers":
            truth = truth.reshape(len(truth), -1)
        scores = np.full(len(predicted), np.nan)
        finite = np.isfinite(predicted).all(axis=(1, 2))
        if not finite.all():
            predicted = predicted[finite]
        vectorized = VECTORIZED[kind].get(self.name)
        if vectorized is not None:
            scores[finite] = vectorized(predicted, truth)
        else:
            scores[finite] = [self._score(own, truth, kind) for own in predicted]
        return scores

    def why_undefined(self, truth: np.ndarray, kind: str, outputs: int) -> str:
        """Why rows with this truth have no such score, as "a single row"; "" where they have one.

        Parameters
        ----------
        truth, kind : as for :meth:`scores`
        outputs : classes, labels or numbers that are predicted for a row
        """
        if kind == "numbers":
            truth = truth.reshape(len(truth), -1)
        if self.name == "r2":
            totals = [total_sum_of_squares(column) for column in truth.T]
            if all(0.0 < total < np.inf for total in totals):
                return ""
            return "a single row" if len(truth) == 1 else f"{len(truth)} rows of the same target"
        if self.name in VECTORIZED[kind]:
            return ""
        return _why_undefined(self.name, kind, truth, outputs)

    def _score(self, predicted: np.ndarray, truth: np.ndarray, kind: str) -> float:
        """One network's score by scikit-learn; NaN where these predictions have none."""
        try:
            return _scorers().score(self.name, kind, predicted, truth)
        except ValueError:  # such as a logarithm of negative predictions
            return np.nan


def metric(name: str | None, kind: str, outputs: int) -> Metric:
    """The metric of a name, if it fits what is predicted.

    Parameters
    ----------
    name : scikit-learn's scoring name; "score" for accuracy or R², which estimators' method of that
        name gives; None for log loss, or RMSE of numbers
    kind : "classes", "labels" or "numbers"
    outputs : how many classes, labels or numbers are predicted for a row

    Raises
    ------
    TypeError, ValueError
        No name that fits: the message lists those that do.
    ImportError
        scikit-learn is not installed, and the metric is not one of those that need none.
    """
    if name is None:
        return Metric(DEFAULTS[kind])
    if not isinstance(name, str):
        raise TypeError(f"metric must be one of scikit-learn's scoring names, got {name!r}")
    if name == SCORE:
        return Metric(SCORES[kind])
    if name in VECTORIZED[kind]:
        return Metric(name)
    is_known = name in _scorers().names()
    if is_known and fits(name, kind, outputs):
        return Metric(name)
    predicted = f"{outputs} {kind}" if outputs > 1 else "a number"
    problem = "does not fit" if is_known else "is none of scikit-learn's scoring names for"
    fitting = fitting_names(kind, outputs)
    near = "" if is_known or not name else _nearest(name, fitting)
    raise ValueError(
        f"metric={name!r} {problem} {predicted}{near}: choose from {', '.join(fitting)}"
    )


def _nearest(name: str, fitting: list[str]) -> str:
    """The scoring name that is meant by another, such as "rmse", for a message."""
    by_label = {Metric(own).label.lower(): own for own in fitting}
    label = Metric(name.lower().replace("-", "_").replace(" ", "_")).label.lower()
    starting = [own for own in by_label if f" {label}" in f" {own}"]
    near = sorted(starting, key=len) or difflib.get_close_matches(label, [*by_label], 1, 0.75)
    return f", but {by_label[near[0]]} is" if near else ""


def named(name: str) -> Metric:
    """The metric of a name in a file that a sweep wrote, an older bpfast's too."""
    return Metric(OLDER_NAMES.get(name, name))


def beside(metric: Metric, kind: str) -> Metric | None:
    """What is scored beside a metric: accuracy or R², unless that is the metric."""
    score = Metric(SCORES[kind])
    return None if score == metric else score


@cache
def fits(name: str, kind: str, outputs: int) -> bool:
    """Whether a metric is for such predictions: scikit-learn's scorer is tried on a few.

    Metrics of numbers would take class numbers and labels too. So those that take fractions
    without a warning are for numbers alone.
    """
    if name in VECTORIZED[kind]:
        return True
    if kind != "numbers" and _takes(name, "numbers", 1):
        return False
    return _takes(name, kind, outputs)


def fitting_names(kind: str, outputs: int) -> list[str]:
    """The scoring names that fit what is predicted."""
    return [name for name in _scorers().names() if fits(name, kind, outputs)]


def _takes(name: str, kind: str, outputs: int) -> bool:
    """Whether scikit-learn scores examples, right or wrong, without a warning."""
    truth = _example(kind, outputs)
    return "" in _problems(name, kind, truth, outputs, strict=True)


def _why_undefined(name: str, kind: str, truth: np.ndarray, outputs: int) -> str:
    """Why scikit-learn has no score for a truth, whether predictions are right or wrong."""
    problems = _problems(name, kind, truth, outputs)
    return "" if "" in problems else problems[0]


def _problems(
    name: str, kind: str, truth: np.ndarray, outputs: int, strict: bool = False
) -> list[str]:
    """What is wrong with a truth: beside predictions that are right, and beside wrong ones."""
    problems = []
    for predicted in _right_and_wrong(kind, truth, outputs):
        try:
            score = _scorers().score(name, kind, predicted, truth, strict)
        except (ValueError, TypeError, AttributeError, Warning) as error:
            problems.append(f"targets that scikit-learn refuses ({error})")
        else:
            problems.append("" if np.isfinite(score) else "targets for which it is not defined")
    return problems


def _right_and_wrong(kind: str, truth: np.ndarray, outputs: int) -> list[np.ndarray]:
    """Predictions that are all right, and such that are partly wrong."""
    if kind == "numbers":
        return [truth, truth + 1.0]
    right = np.eye(outputs, dtype=np.float32)[truth] if kind == "classes" else truth
    right = 0.5 * right + 0.5 / outputs if kind == "classes" else 0.25 + 0.5 * right
    return [right, np.concatenate([right[1:], right[:1]])]


def _example(kind: str, outputs: int) -> np.ndarray:
    """A truth of few rows that every metric of its kind is defined for."""
    if kind == "classes":
        return np.arange(2 * outputs) // 2
    if kind == "labels":
        return np.concatenate([np.eye(outputs), 1 - np.eye(outputs), np.ones((1, outputs))])
    return np.arange(1, 4 * outputs + 1).reshape(4, outputs) + 0.5


def _scorers() -> Any:
    """The module of scikit-learn's scorers: most sweeps do without."""
    try:
        from . import scorers
    except ImportError:
        raise missing_extra("scikit-learn", "sweep") from None
    return scorers
