"""What came of trained networks: scores and losses, the columns of a sweep's table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..tables.target import total_sum_of_squares
from ..training.backpropagation import gradients
from ..training.history import History, latest
from ..training.population import Population
from .parts import Part, SweepData

PREDICTIONS = 1 << 24  # numbers predicted at a time
SPLIT_SCORE = "split{}_validation_score"  # as scikit-learn calls the score of a fold
RESULTS = ("validation_score", "validation_std", "test_score", "loss", "epochs", "diverged")


def result_names(folds: int) -> list[str]:
    """Columns that there may be beside the hyperparameters, in the order of the table."""
    return [*RESULTS, *map(SPLIT_SCORE.format, range(folds))]


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
        diverged, epochs, loss = (
            np.ascontiguousarray(values.reshape(len(parts), trials).T)
            for values in (history.diverged, history.epochs_run, latest(history.loss))
        )
        fold_scores = [
            self.scores(population, part, range(k * trials, (k + 1) * trials))
            for k, part in enumerate(parts)
        ]
        scores = np.stack(fold_scores, axis=1)
        diverged = diverged | np.isnan(scores)  # in its last step: no loss was computed after it
        scores = finite_scores(scores, diverged)
        results = {"validation_score": scores.mean(axis=1)}
        if self.data.refits:
            with np.errstate(invalid="ignore"):  # a score of -inf has no deviation
                results["validation_std"] = scores.std(axis=1)
        elif len(self.data.test.X):
            tested = self.scores(population, self.data.test)
            results["test_score"] = finite_scores(tested, diverged[:, 0])
        results["loss"], results["epochs"] = loss.mean(axis=1), epochs.min(axis=1)
        results["diverged"] = diverged.any(axis=1)
        if self.data.refits:
            results |= {SPLIT_SCORE.format(k): column for k, column in enumerate(scores.T)}
        return results

    def validation_losses(self, population: Population) -> np.ndarray:
        """(trials,) losses on what trials are scored on, means over folds; none is infinite."""
        parts = self.data.folds.validation
        trials = len(population) // len(parts)
        losses = np.empty((trials, len(parts)))
        for k, part in enumerate(parts):
            own = population[k * trials : (k + 1) * trials]
            losses[:, k] = gradients(own, part.X, part.y, device=self.device)[0]
        return np.nan_to_num(losses.mean(axis=1), nan=np.finfo(np.float64).max)

    def scores(
        self, population: Population, part: Part, networks: range | None = None
    ) -> np.ndarray:
        """Accuracy or R² of every network, or of some, on a part.

        NaN where predictions are not finite. R² is of targets that vary, which sweeps make sure of.
        """
        networks = range(len(population)) if networks is None else networks
        step = max(1, PREDICTIONS // (len(part.X) * population.mlp.outputs))
        scores = []
        for first in networks[::step]:
            some = population[first : min(first + step, networks.stop)]
            predicted = some.predict(part.X, device=self.device)
            own = self._score(predicted, part.y)
            scores.append(np.where(np.isfinite(predicted).all(axis=(1, 2)), own, np.nan))
        return np.concatenate(scores)

    def _score(self, predicted: np.ndarray, y: np.ndarray) -> np.ndarray:
        if self.data.classes:
            return (predicted.argmax(axis=2) == y).mean(axis=1)
        with np.errstate(over="ignore"):  # predictions far beyond any target score -inf
            errors = ((predicted[:, :, 0].astype(np.float64) - y) ** 2).sum(axis=1)
            return 1.0 - errors / total_sum_of_squares(y)


def finite_scores(scores: np.ndarray, diverged: np.ndarray) -> np.ndarray:
    """Scores, -inf where a network diverged, or what it predicts is not finite."""
    return np.where(diverged | np.isnan(scores), -np.inf, scores)
