"""What came of trained networks: scores and losses, the columns of a sweep's table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..tables.scaling import Scaler
from ..tables.target import in_units
from ..training.backpropagation import gradients
from ..training.history import History, latest
from ..training.population import Population
from .metrics import SCORES, beside
from .parts import SweepData
from .preparation import Part

PREDICTIONS = 1 << 24  # numbers predicted at a time
SPLIT_SCORE = "split{}_validation_score"  # as scikit-learn calls the score of a fold
# "score" is by the metric; accuracy or R² stands beside it where that is another one.
SCORE_NAMES = ("score", *dict.fromkeys(SCORES.values()))
RESULTS = (
    *("validation_score", "validation_std"),
    *(f"validation_{name}" for name in SCORE_NAMES[1:]),
    *(f"test_{name}" for name in SCORE_NAMES),
    *("loss", "epochs", "best_epoch", "stopped", "diverged"),
)


def result_names(folds: int) -> list[str]:
    """Columns that there may be beside the hyperparameters, in the order of the table."""
    return [*RESULTS, *map(SPLIT_SCORE.format, range(folds))]


class PartScores(NamedTuple):
    """Scores of networks on one part.

    Attributes
    ----------
    scores : (networks,) by the metric; -inf where predictions are not finite, or have no score
    beside : the same for accuracy or R², by name, where that is not the metric; NaN where the
        part's target does not vary
    is_finite : (networks,) bool, whether all predictions are finite
    """

    scores: np.ndarray
    beside: dict[str, np.ndarray]
    is_finite: np.ndarray

    def columns(self, part: str, diverged: np.ndarray) -> dict[str, np.ndarray]:
        """Columns of the table, such as ``test_score``: -inf where a network is of no use."""
        lost = diverged | ~self.is_finite
        named = {"score": self.scores} | self.beside
        return {f"{part}_{n}": np.where(lost, -np.inf, own) for n, own in named.items()}


class Scorer(NamedTuple):
    """Scores networks of trials: in a population, all on fold 0 come first, then all on fold 1."""

    data: SweepData
    device: str

    def results(self, population: Population, history: History) -> dict[str, np.ndarray]:
        """Columns of the table, (trials,) arrays.

        A network that predicts what is not finite, on what it is ranked by, has diverged too. No
        score is NaN: those of networks that diverged are -inf.
        """
        parts = self.data.folds.validation
        trials = len(population) // len(parts)
        # a row for each trial: how its sum is rounded must not depend on how many there are
        told = history.diverged, history.stopped, history.epochs_run, latest(history.loss)
        diverged, stopped, epochs, loss = (
            np.ascontiguousarray(values.reshape(len(parts), trials).T) for values in told
        )
        folds = [
            self.part_scores(population[k * trials : (k + 1) * trials], part, scaler)
            for k, (part, scaler) in enumerate(
                zip(parts, self.data.fold_target_scalers, strict=True)
            )
        ]
        # in its last step: no loss was computed after it
        diverged = diverged | ~np.stack([fold.is_finite for fold in folds], axis=1)
        columns = [
            fold.columns("validation", lost) for fold, lost in zip(folds, diverged.T, strict=True)
        ]
        by_fold = {name: np.stack([own[name] for own in columns], axis=1) for name in columns[0]}
        results = {name: own.mean(axis=1) for name, own in by_fold.items()}
        scores = by_fold["validation_score"]
        if self.data.refits:
            with np.errstate(invalid="ignore"):  # a score of -inf has no deviation
                results["validation_std"] = scores.std(axis=1)
        else:
            results |= self.test_columns(population, diverged[:, 0])
        # a fold that is out of patience waits for the others; one that diverged ends a trial
        waits = stopped & ~stopped.all(axis=1, keepdims=True) & ~diverged.any(axis=1, keepdims=True)
        results["loss"] = loss.mean(axis=1)
        results["epochs"] = np.where(waits, np.iinfo(epochs.dtype).max, epochs).min(axis=1)
        if history.best_epoch is not None:
            best = history.best_epoch.reshape(len(parts), trials)
            results["best_epoch"] = np.maximum(1, np.sort(best, axis=0)[len(parts) // 2])
            results["stopped"] = stopped.all(axis=1)
        results["diverged"] = diverged.any(axis=1)
        if self.data.refits:
            results |= {SPLIT_SCORE.format(k): column for k, column in enumerate(scores.T)}
        return results

    def test_columns(self, population: Population, diverged: np.ndarray) -> dict[str, np.ndarray]:
        """Scores on the test part, by the names of their columns; none without a test part."""
        if not len(self.data.test.X):
            return {}
        tested = self.part_scores(population, self.data.test, self.data.target_scaler)
        return tested.columns("test", diverged)

    def validation_losses(self, population: Population) -> np.ndarray:
        """(trials,) losses on what trials are scored on, means over folds; none is infinite."""
        parts = self.data.folds.validation
        trials = len(population) // len(parts)
        losses = np.empty((trials, len(parts)))
        for k, part in enumerate(parts):
            own = population[k * trials : (k + 1) * trials]
            losses[:, k] = gradients(own, part.X, part.y, device=self.device)[0]
        return np.nan_to_num(losses.mean(axis=1), nan=np.finfo(np.float64).max)

    def part_scores(
        self, population: Population, part: Part, target_scaler: Scaler | None
    ) -> PartScores:
        """Scores of every network on a part; its predictions of numbers are scaled so."""
        step = max(1, PREDICTIONS // (len(part.X) * population.mlp.outputs))
        some = [
            self._scores(population[first : first + step], part, target_scaler)
            for first in range(0, len(population), step)
        ]
        scores, others, is_finite = zip(*some, strict=True)
        return PartScores(
            scores=np.concatenate(scores),
            beside={name: np.concatenate([own[name] for own in others]) for name in others[0]},
            is_finite=np.concatenate(is_finite),
        )

    def _scores(
        self, population: Population, part: Part, target_scaler: Scaler | None
    ) -> PartScores:
        """Scores of networks whose predictions fit into memory."""
        target = self.data.target
        predicted = population.predict(part.X, device=self.device)
        is_finite = np.isfinite(predicted).all(axis=(1, 2))  # before bounds hide that they are not
        if target.kind == "numbers":
            predicted = in_units(predicted.astype(np.float64), target_scaler, target.transform)
        scores = self.data.metric.scores(predicted, part.target, target.kind)
        other = beside(self.data.metric, target.kind)
        found = {}
        if other is not None:
            found[other.name] = other.scores(predicted, part.target, target.kind)
        is_finite &= np.isfinite(predicted).all(axis=(1, 2))
        has_score = is_finite & ~np.isnan(scores)
        return PartScores(np.where(has_score, scores, -np.inf), found, is_finite)
