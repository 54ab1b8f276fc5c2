"""The stochastic solvers: one population for many estimators, by scikit-learn's rules."""

from __future__ import annotations

import warnings
from collections import defaultdict

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from ..kernels import counter
from ..training.loop import Training
from ..training.parameters import Parameters
from ..training.population import Population, predictions
from . import scores
from .fits import NOT_FINITE, Fit, population_of
from .optimizers import OptimizerState, learning_rates, numbers, optimizer_of, state_of
from .stopping import StoppingRule
from .streams import Streams

MIN_ADAPTIVE_RATE = 1e-6  # learning_rate="adaptive" divides no smaller learning rate
Memory = OptimizerState  # its name in pickles of earlier versions


def train(fits: list[Fit], X: np.ndarray) -> bool:
    """Train the fits' networks as one population; returns whether Ctrl-C ended it.

    Parameters
    ----------
    fits : with one ``group_key``
    X : (samples, features), which the fits' rows are numbers of
    """
    group = _Group(fits, X)
    with group.training as training:
        while group.running.any() and not training.interrupted:
            group.advance()
    group.write_back()
    return training.interrupted


class _Group:
    """Estimators that train as one population, and the progress of each.

    When a network of scikit-learn's diverges, it goes on with NaN for parameters and losses, until
    something else ends it. Ours are frozen, and the epochs that they would have gone on for are
    counted here.
    """

    def __init__(self, fits: list[Fit], X: np.ndarray) -> None:
        self.fits, self.estimators = fits, [fit.estimator for fit in fits]
        self.loss_divisor = fits[0].loss_divisor
        self.states = [state_of(fit) for fit in fits]
        self.max_epochs = np.array([1 if f.incremental else f.estimator.max_iter for f in fits])
        self.stopping = StoppingRule(self.estimators)
        self.early_stopping = np.array([bool(e.early_stopping) for e in self.estimators])
        self.verbose = np.array([bool(e.verbose) for e in self.estimators])
        self.running = np.ones(len(fits), bool)
        self.converged = np.zeros(len(fits), bool)
        self.epoch, self.epochs_run = 0, np.zeros(len(fits), np.int64)
        self.X, self.streams = X, Streams(fits)
        self.population = _population(fits)
        self.best_parameters = (
            self.population.parameters.copy() if self.early_stopping.any() else np.empty(0)
        )
        # who ends with its best parameters: not a warm start that never improves
        fresh = np.array([not e.loss_curve_ for e in self.estimators])
        self.restores_best = self.early_stopping & fresh
        self.training = self._training()
        self.history = self.training.history()

    def _training(self) -> Training:
        first, weights = self.fits[0], None
        if first.weights is not None:
            weights = _scattered(self.fits, "weights", len(self.X))
        training = Training(
            self.population,
            self.X,
            _scattered(self.fits, "targets", len(self.X)),
            optimizer_of(self.estimators, learning_rates(self.fits, self.states, self.max_epochs)),
            epochs=int(self.max_epochs.max()),
            batch_size=first.batch_size,
            sample_weight=weights,
            rows=(self.streams.folds, self.streams.fold),
            dropout=numbers([e.dropout for e in self.estimators]),
            device=first.estimator.device,
            objective="sum",
            orders=self.streams.orders,
        )
        if self.states[0].tensors:  # of an earlier partial_fit; then this group has one network
            training.load_state_dict(training.state_dict() | self.states[0].tensors)
        return training

    def advance(self) -> None:
        """Train until a network may end, and end those that do."""
        first = self.epoch
        self.epoch += self._epochs_until_check()
        self.training.advance(self.epoch)
        history = self.history = self.training.history()
        if not history.interrupted:
            self.streams.catch_up(self.epoch)
        reached = np.where(history.diverged, self.epoch, history.epochs_run)
        self._count_epochs(first, np.where(self.running, reached - first, 0))
        current = self.running & (reached == self.epoch)
        for k in np.flatnonzero(current & self.stopping.exceeded()):
            self._converge_or_slow_down(k)
        self._end(np.flatnonzero(current & (self.converged | (self.max_epochs == self.epoch))))

    def _epochs_until_check(self) -> int:
        """How many epochs can be run before a network may end, is to be scored, or prints."""
        if (self.running & (self.early_stopping | self.verbose)).any():
            return 1
        left = np.minimum(self.stopping.epochs_left(), self.max_epochs - self.epoch)
        return int(left[self.running].min())

    def _count_epochs(self, first: int, epochs: np.ndarray) -> None:
        """Count (n,) epochs from one on, and what losses or scores they ended with.

        Where networks print or are scored, it is one epoch.
        """
        self.epochs_run += epochs
        values = self._losses(slice(first, self.epoch))
        for k in np.flatnonzero(self.verbose & (epochs > 0)):
            print(f"Iteration {self.epoch}, loss = {values[k, 0]:.8f}")
        scored = np.flatnonzero(self.early_stopping & (epochs > 0))
        if scored.size:
            values[scored, 0] = -self._score(scored)
        self.stopping.update(values, epochs)

    def _score(self, networks: np.ndarray) -> np.ndarray:
        """Score some networks, and keep the parameters of those that have never been better."""
        parameters = self._parameters(networks)
        found = self._held_out_scores(networks, parameters)
        for k, score in zip(networks, found.tolist(), strict=True):
            self.estimators[k].validation_scores_.append(score)
            if self.verbose[k]:
                print(f"Validation score: {score:f}")
        better = -found < self.stopping.best[networks]
        self.best_parameters[networks[better]] = parameters[better]
        self.restores_best[networks[better]] = True
        return found

    def _parameters(self, networks: np.ndarray | None = None) -> np.ndarray:
        """(k, P) copy of the parameters of some networks, or of all; NaN where they diverged."""
        parameters = self.training.parameters(networks)
        parameters[self.history.diverged[slice(None) if networks is None else networks]] = np.nan
        return parameters

    def _losses(self, epochs: slice) -> np.ndarray:
        """(n, epochs) as scikit-learn reports them, penalties included."""
        assert self.history.penalty is not None
        return self.history.loss[:, epochs] / self.loss_divisor + self.history.penalty[:, epochs]

    def _held_out_scores(self, networks: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Scores of some networks with given parameters, each on the samples that it holds out."""
        classifies = is_classifier(self.estimators[0])
        if classifies and len(self.estimators[0].classes_) == 1:
            return np.ones(len(networks))
        by_rows: dict[bytes, list[int]] = defaultdict(list)
        for index, k in enumerate(networks):
            fit = self.fits[k]
            by_rows[fit.rows[fit.held_out].tobytes()].append(index)
        result = np.empty(len(networks))
        score = scores.accuracy if classifies else scores.r2
        for indices in by_rows.values():
            fit = self.fits[networks[indices[0]]]
            found = predictions(
                self.population.mlp,
                Parameters(parameters[indices]),
                self.X[fit.rows[fit.held_out]],
                fit.estimator.device,
            )
            weights = None if fit.weights is None else fit.weights[fit.held_out]
            result[indices] = score(found, fit.targets[fit.held_out], weights)
        return result

    def _converge_or_slow_down(self, k) -> None:
        """End a network that no longer improves, or divide its adaptive learning rate by 5."""
        estimator, state = self.estimators[k], self.states[k]
        what = "Validation score" if self.early_stopping[k] else "Training loss"
        words = (
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        adapts = estimator.solver == "sgd" and estimator.learning_rate == "adaptive"
        if adapts and state.learning_rate > MIN_ADAPTIVE_RATE:
            state.learning_rate /= 5.0
            self.training.set_learning_rate(state.learning_rate, np.array([k]))
            self.stopping.count[k] = 0
            words += f" Setting learning rate to {state.learning_rate:f}"
        else:
            self.converged[k] = True
            words += " Learning rate too small. Stopping." if adapts else " Stopping."
        if self.verbose[k]:
            print(words)

    def _end(self, networks: np.ndarray) -> None:
        """End the training of some networks."""
        self.running[networks] = False
        self.training.drop(networks)
        for k in networks:
            fit = self.fits[k]
            self.streams.leave(k, fit.random_state)
            if not self.converged[k] and not fit.incremental:
                warnings.warn(
                    f"Stochastic Optimizer: Maximum iterations ({fit.estimator.max_iter}) reached "
                    "and the optimization hasn't converged yet.",
                    ConvergenceWarning,
                    stacklevel=2,
                )

    def write_back(self) -> None:
        """Set every estimator's attributes from its training."""
        tensors, losses = self.training.state_dict(), self._losses(slice(self.epoch))
        kept = self._parameters()
        if self.early_stopping.any():
            kept[self.restores_best] = self.best_parameters[self.restores_best]
        trained, finite = self.population.with_parameters(kept), np.isfinite(kept).all(axis=1)
        for k, fit in enumerate(self.fits):
            estimator, ran = fit.estimator, int(self.epochs_run[k])
            estimator.coefs_, estimator.intercepts_ = trained.arrays(k)
            estimator.n_iter_ = ran
            estimator.t_ += ran * len(fit.trained)
            estimator.loss_curve_ += losses[k, :ran].tolist()
            estimator.loss_ = estimator.loss_curve_[-1] if ran else np.nan
            estimator._no_improvement_count = int(self.stopping.count[k])
            if self.early_stopping[k]:
                estimator.best_validation_score_ = -float(self.stopping.best[k])
            else:
                estimator.best_loss_ = float(self.stopping.best[k])
            self._keep_optimizer(k, ran, tensors)
            if not finite[k]:
                fit.error = ValueError(NOT_FINITE)

    def _keep_optimizer(self, k: int, ran: int, tensors: dict[str, np.ndarray]) -> None:
        estimator, state = self.estimators[k], self.states[k]
        state.epochs += ran
        if estimator.solver == "sgd" and estimator.learning_rate == "invscaling":
            state.learning_rate = (
                estimator.learning_rate_init / (estimator.t_ + 1) ** estimator.power_t
            )
        state.tensors = {name: tensors[name][k : k + 1].copy() for name in ("moments", "powers")}
        estimator._optimizer = state


def _population(fits: list[Fit]) -> Population:
    """The networks as they are when training starts."""
    population = population_of([fit.estimator for fit in fits])
    for k, fit in enumerate(fits):
        if fit.estimator.dropout:  # scikit-learn has no dropout, so it draws no seed here
            seed = fit.random_state.randint(2**31)
            population.seeds[k : k + 1] = counter.key(seed, fit.estimator.t_)
    return population


def _scattered(fits: list[Fit], name: str, samples: int) -> np.ndarray:
    """The fits' targets or weights, by the row numbers of the samples that all share."""
    example = getattr(fits[0], name)
    result = np.zeros((samples, *example.shape[1:]), fits[0].dtype)
    for fit in fits:
        result[fit.rows] = getattr(fit, name)
    return result
