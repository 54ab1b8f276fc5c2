"""A sweep's results as arrays, as a report needs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..sweeps.hyperparameters import HYPERPARAMETERS
from ..sweeps.metrics import Metric, named
from ..sweeps.words import ended_early
from .inspection import Inspection
from .predictions import Predictions

# Values beyond these tell nothing more, and would flatten the rest: scores below, such as R², and
# losses above so many times their median.
WORST_SCORE, WORST_LOSS = -1.0, 10.0


@dataclass(frozen=True)
class Run:
    """A sweep's results, networks in the order of their rank.

    Attributes
    ----------
    manifest : dict, as the sweep wrote it
    table : dict of (networks,) arrays, best validation score first
        Where a network has no value for a hyperparameter, it is NaN or no text.
    losses : (networks, recorded) float64, training losses, NaN where not reached or not finite
    started, ended : (networks,) float64, seconds since the first network began, NaN if unknown
    importance : dict of name to share, the greatest first; empty where there is none
    no_importance : str, why there is none
    predictions : of the first network, for rows that it was not trained on; None where there are
        none
    inspection : of the table's columns; None where there is none
    """

    manifest: dict[str, Any]
    table: dict[str, np.ndarray]
    losses: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    importance: dict[str, float]
    no_importance: str
    predictions: Predictions | None = None
    inspection: Inspection | None = None

    def __len__(self) -> int:
        return len(self.table["network"])

    @cached_property
    def scores(self) -> np.ndarray:
        """(networks,) validation scores; NaN for networks that diverged."""
        scores = self.table["validation_score"]
        return np.where(np.isfinite(scores) & ~self.table["diverged"], scores, np.nan)

    @cached_property
    def metric(self) -> Metric:
        """What networks are ranked by."""
        return named(self.manifest["metric"])

    @cached_property
    def worst_drawn(self) -> float:
        """The worst value of the metric that is drawn where it is; others are drawn there too."""
        if self.metric.sign > 0:
            return WORST_SCORE
        losses = -self.scores[self.scored]
        median = float(np.median(losses)) if len(losses) else 0.0
        return WORST_LOSS * median if median > 0 else np.inf

    def drawn(self, scores: np.ndarray) -> np.ndarray:
        """Scores as they are drawn: losses without their minus, none beyond the worst."""
        if self.metric.sign > 0:
            return np.maximum(scores, self.worst_drawn)
        return np.minimum(-scores, self.worst_drawn)

    @cached_property
    def drawn_scores(self) -> np.ndarray:
        """(networks,) validation scores as they are drawn."""
        return self.drawn(self.scores)

    @cached_property
    def kind(self) -> str:
        """What is predicted: "classes", "labels" or "numbers"."""
        if self.manifest.get("labels"):
            return "labels"
        return "classes" if self.manifest["classes"] else "numbers"

    @cached_property
    def outputs(self) -> int:
        """How many classes, labels or numbers are predicted for a row."""
        if self.kind != "numbers":
            return len(self.manifest["classes"] or self.manifest["labels"])
        names = self.manifest.get("target_names", [""])
        return len(names if self.predictions is None else self.predictions.names)

    @cached_property
    def scored(self) -> np.ndarray:
        """Rows of the networks that have a score."""
        return np.flatnonzero(np.isfinite(self.scores))

    @cached_property
    def finished(self) -> np.ndarray:
        """Rows of networks that have a score and were trained to their end: complete trials."""
        return self.scored[self.through[self.scored]]

    @cached_property
    def through(self) -> np.ndarray:
        """(networks,) bool: had every epoch, or ran out of patience."""
        return self.had_all | self.table.get("stopped", np.False_).astype(bool)

    @cached_property
    def had_all(self) -> np.ndarray:
        """(networks,) bool: had every epoch."""
        return self.table["epochs"] >= self.manifest["epochs"]

    @cached_property
    def unfinished(self) -> np.ndarray:
        """(networks,) bool: on their way when the sweep ended; the study has no end of theirs."""
        early = ended_early(self.table, self.manifest["epochs"])
        cut_short = self.manifest["interrupted"] or self.manifest.get("ended_by_time", False)
        return early & np.isnan(self.ended) & cut_short

    @cached_property
    def let_go(self) -> np.ndarray:
        """(networks,) bool: a halving let them go before the last epoch."""
        return ended_early(self.table, self.manifest["epochs"]) & ~self.unfinished

    @cached_property
    def folds(self) -> int:
        """How many folds a cross-validation has; 0 where there is none."""
        return sum(name.startswith("split") for name in self.table)

    @cached_property
    def halving(self) -> dict[str, Any] | None:
        """The halving's kind, epochs, factor and least_epochs; None without one."""
        return self.manifest.get("settings", {}).get("halving")

    @cached_property
    def varied(self) -> list[str]:
        """Hyperparameters that differ from network to network."""
        return [name for name in self._hyperparameters if _differs(self.table[name])]

    @cached_property
    def by_importance(self) -> list[str]:
        """The hyperparameters that differ, the most important first where that is known."""
        return sorted(self.varied, key=lambda name: -self.importance.get(name, 0.0))

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """Hyperparameters that are the same in all networks that have them, and their values."""
        same = {n: self.table[n] for n in self._hyperparameters if n not in self.varied}
        known = {name: values[has_value(values)] for name, values in same.items()}
        return {name: values[0] for name, values in known.items() if len(values)}

    @cached_property
    def epochs(self) -> np.ndarray:
        """(recorded,) numbers of the epochs that the losses are from: every k-th and the last."""
        recorded, epochs = self.losses.shape[1], self.manifest["epochs"]
        every = -(-epochs // max(recorded, 1))
        return np.minimum(every * np.arange(1, recorded + 1), max(epochs, recorded))

    @cached_property
    def curve(self) -> np.ndarray | None:
        """(points, 3): seconds, networks that had ended, and the best validation score by then.

        None where the sweep did not say, or no network has a score.
        """
        points = np.array(self.manifest.get("curve") or [], np.float64).reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=1)]
        return points if len(points) else None

    @property
    def _hyperparameters(self) -> list[str]:
        return [name for name in self.table if name in HYPERPARAMETERS]


def has_value(values: np.ndarray) -> np.ndarray:
    """(networks,) bool: which networks have a hyperparameter at all."""
    return values != "" if values.dtype.kind == "U" else ~np.isnan(values.astype(np.float64))


def _differs(values: np.ndarray) -> bool:
    """Whether networks that have a value have different ones."""
    return len(np.unique(values[has_value(values)])) > 1
