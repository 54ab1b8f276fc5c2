"""What must come of a fit with patience, by a training that has none and is seen every epoch."""

from typing import NamedTuple

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp

HUGE = 1e39  # a learning rate with which a network diverges


class End(NamedTuple):
    """Where a network is after some epochs: what it has, and the best that it had."""

    parameters: np.ndarray
    epochs_run: int
    best_epoch: int
    best_parameters: np.ndarray
    ended: bool


class Patient:
    """A fit of some networks that is made as often as one likes, with patience or without.

    Some learn slowly, some go up and down, some diverge at once or later; validation samples have
    other targets, so that what helps in training harms there after a while.
    """

    def __init__(self, device, layers, n, rows, batch_size, epochs, validated, **options):
        rng = np.random.default_rng(0)
        self.mlp, self.n, self.epochs = bp.MLP(layers, "relu", "half_squared_error"), n, epochs
        shapes = (rows, layers[0]), (rows, layers[-1]), (5, layers[0]), (5, layers[-1])
        X, y, Xv, yv = (rng.normal(size=shape) for shape in shapes)
        self.samples, self.scored = (X, y), (Xv, yv)
        self.rates = np.resize([0.05, HUGE, 0.6, 0.01, 0.3, 3.0], n)
        self.options = {"epochs": epochs, "batch_size": batch_size, "device": device} | options
        if validated:
            self.options["validation"] = self.scored
        self._see()

    def training(self, **options):
        population = bp.Population(self.mlp, self.n, init="torch")
        sgd = bp.SGD(learning_rate=self.rates)
        return bp.Training(population, *self.samples, sgd, **self.options | options)

    def _see(self):
        self.seen = []
        with self.training() as training:
            for epoch in range(1, self.epochs + 1):
                training.advance(epoch)
                self.seen.append(training.parameters())
        self.free = training.history()

    def end(self, i, until, *, patience, tol, record, restore_best_weights=True):
        """Where network i must be after so many epochs."""
        losses, scored = self.free.loss[i], self.free.validation_loss
        best, at, e, stops = np.inf, -1, 0, False
        for e in range(min(until, self.free.epochs_run[i])):
            last = e == self.epochs - 1
            watched = losses[e]
            if scored is not None:
                watched = scored[i, e] if (e + 1) % record == 0 or last else np.inf
            if watched < best:
                best, at = watched, e
            stops = losses[e] <= tol or e - at >= patience
            if stops or last:
                break
        diverged = self.free.epochs_run[i] < until and not stops
        ended = not diverged and (stops or until == self.epochs)
        kept = self.seen[at][i] if at >= 0 else np.zeros_like(self.seen[0][i])
        has = self.seen[-1 if diverged else e][i]
        if ended and at >= 0 and restore_best_weights:
            has = kept
        return End(has, min(e + 1, self.free.epochs_run[i]), at + 1, kept, ended)

    def check(self, training, until, patience, tol, **options):
        """A training that came so far has what it must have, and says so."""
        history, state = training.history(), training.state_dict()
        restores = options.get("restore_best_weights", True)
        ends = [
            self.end(i, until, patience=patience[i], tol=tol[i], **options) for i in range(self.n)
        ]
        assert_array_equal(training.population.parameters, [end.parameters for end in ends])
        for name in ("epochs_run", "best_epoch"):
            assert_array_equal(getattr(history, name), [getattr(end, name) for end in ends], name)
        kept = [end.best_parameters for end in ends] if restores else state["parameters"][:0]
        assert_array_equal(state["best_parameters"], kept)
        restored = [restores and end.ended and end.best_epoch > 0 for end in ends]
        assert_array_equal(history.restored, restored)
        if history.validation_loss is not None:  # a score is that of the network as it is
            loss = bp.gradients(training.population, *self.scored, device="reference")[0]
            there = np.array([end.ended for end in ends]) & (loss < 1e30)  # which float32 holds
            assert_allclose(history.score()[there], loss[there], rtol=1e-4)
        return history
