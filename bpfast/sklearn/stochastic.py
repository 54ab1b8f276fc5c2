"""The stochastic solvers: one population for many estimators, by scikit-learn's rules."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from ..kernels import counter
from ..kernels.schedules import unfolded
from ..training.loop import Training
from ..training.optimizers import Adam, AdamW, Optimizer, RMSprop, ScikitLearnAdam, ScikitLearnSGD
from ..training.population import Population
from . import scores
from .preparation import NOT_FINITE, Fit, population_of
from .streams import Streams

LEAST_RATE = 1e-6  # an adaptive learning rate does not go below


@dataclass
class Memory:
    """What an optimiser keeps from one ``partial_fit`` to the next.

    Attributes
    ----------
    learning_rate : of the next epoch
    epochs : that it has run
    tensors : moments and powers, as ``Training.state_dict`` names them
    """

    learning_rate: float
    epochs: int = 0
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def train(fits: list[Fit], X: np.ndarray) -> bool:
    """Train the fits' networks as one population; returns whether Ctrl-C ended it.

    Parameters
    ----------
    fits : of one kind
    X : (samples, features), that their rows are of
    """
    group = _Group(fits, X)
    with group.training as training:
        while group.running.any() and not training.interrupted:
            group.advance()
    group.write_back()
    return training.interrupted


class _Watch:
    """When scikit-learn ends a fit: a loss, or minus a score, is not better than the best by tol.

    Attributes
    ----------
    best : (n,) lowest value so far
    count : (n,) epochs on end that were not better
    allowed : (n,) how many of them are
    """

    def __init__(self, estimators: list) -> None:
        self.tol = np.array([estimator.tol for estimator in estimators])
        self.allowed = np.array([float(e.n_iter_no_change) for e in estimators])
        self.count = np.array([e._no_improvement_count for e in estimators])
        self.best = np.array(
            [-e.best_validation_score_ if e.early_stopping else e.best_loss_ for e in estimators],
            np.float64,
        )

    def see(self, values: np.ndarray, networks: np.ndarray) -> None:
        """Take note of the (n,) values of some networks, a mask."""
        with np.errstate(invalid="ignore"):
            worse = values > self.best - self.tol
            better = networks & (values < self.best)
        self.count = np.where(networks, np.where(worse, self.count + 1, 0), self.count)
        self.best = np.where(better, values, self.best)

    def patience(self) -> np.ndarray:
        """(n,) epochs that no network can end before: at least 1."""
        return np.maximum(1, self.allowed + 1 - self.count)


class _Group:
    """Estimators that train as one population, and how far each of them is.

    scikit-learn's networks go on when they have diverged, with parameters and losses that are NaN,
    until something else ends them. Ours are frozen, and go through the same epochs here.
    """

    def __init__(self, fits: list[Fit], X: np.ndarray) -> None:
        self.fits, self.estimators = fits, [fit.estimator for fit in fits]
        self.mlp = fits[0].mlp
        self.memories = [_memory(fit) for fit in fits]
        self.epochs = np.array([1 if f.incremental else f.estimator.max_iter for f in fits])
        self.watch = _Watch(self.estimators)
        self.early = np.array([bool(e.early_stopping) for e in self.estimators])
        self.verbose = np.array([bool(e.verbose) for e in self.estimators])
        self.running = np.ones(len(fits), bool)
        self.converged = np.zeros(len(fits), bool)
        self.epoch, self.ran = 0, np.zeros(len(fits), np.int64)
        self.X, self.streams = X, Streams(fits)
        self.population = _population(fits)
        self.best = self.population.parameters.copy() if self.early.any() else np.empty(0)
        # a warm start that never becomes better keeps, as scikit-learn's, what it ended with
        fresh = np.array([not e.loss_curve_ for e in self.estimators])
        self.returns = self.early & fresh  # to the best parameters
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
            _optimizer(self.estimators, self._rates()),
            epochs=int(self.epochs.max()),
            batch_size=first.batch_size,
            sample_weight=weights,
            rows=(self.streams.folds, self.streams.fold),
            dropout=np.array([e.dropout for e in self.estimators]),
            device=first.estimator.device,
            objective="sum",
            orders=self.streams.orders,
        )
        if self.memories[0].tensors:  # of a partial_fit, which has one network
            training.load_state_dict(training.state_dict() | self.memories[0].tensors)
        return training

    def _rates(self) -> np.ndarray:
        """(n,) learning rates, or (n, epochs) where some are scheduled."""
        rates = [
            _rates(fit, memory, int(epochs))
            for fit, memory, epochs in zip(self.fits, self.memories, self.epochs, strict=True)
        ]
        if all(len(rate) == 1 for rate in rates):
            return np.concatenate(rates)
        most = int(self.epochs.max())
        return np.stack([np.pad(rate, (0, most - len(rate)), "edge") for rate in rates])

    def affordable(self) -> int:
        """Epochs after which the first network may end, or has to be looked at."""
        if (self.running & (self.early | self.verbose)).any():
            return 1
        left = np.minimum(self.watch.patience(), self.epochs - self.epoch)
        return int(left[self.running].min())

    def advance(self) -> None:
        """Train until a network may end, and end those that do."""
        first = self.epoch
        self.epoch += self.affordable()
        self.training.advance(self.epoch)
        history = self.history = self.training.history()
        if not history.interrupted:
            self.streams.catch_up(self.epoch)
        reached = np.where(history.diverged, self.epoch, history.epochs_run)
        for epoch in range(first, self.epoch):
            self._look(epoch, self.running & (reached > epoch))
        there = self.running & (reached == self.epoch)
        for k in np.flatnonzero(there & (self.watch.count > self.watch.allowed)):
            self._tired(k)
        self._end(np.flatnonzero(there & (self.converged | (self.epochs == self.epoch))))

    def _look(self, epoch: int, networks: np.ndarray) -> None:
        """See the losses, or scores, of some networks, a mask, after an epoch."""
        self.ran[networks] += 1
        values = self._losses(slice(epoch, epoch + 1))[:, 0]
        for k in np.flatnonzero(networks & self.verbose):
            print(f"Iteration {epoch + 1}, loss = {values[k]:.8f}")
        scored = np.flatnonzero(networks & self.early)
        if scored.size:
            values[scored] = -self._score(scored)
        self.watch.see(values, networks)

    def _score(self, networks: np.ndarray) -> np.ndarray:
        """Score some networks, and keep the parameters of those that are the best yet."""
        parameters = self._parameters(networks)
        found = self._scores(networks, parameters)
        for k, score in zip(networks, found.tolist(), strict=True):
            self.estimators[k].validation_scores_.append(score)
            if self.verbose[k]:
                print(f"Validation score: {score:f}")
        better = -found < self.watch.best[networks]
        self.best[networks[better]] = parameters[better]
        self.returns[networks[better]] = True
        return found

    def _parameters(self, networks: np.ndarray | None = None) -> np.ndarray:
        """(k, P) copy of the parameters of some networks, or of all; NaN where they diverged."""
        parameters = self.training.parameters(networks)
        parameters[self.history.diverged[slice(None) if networks is None else networks]] = np.nan
        return parameters

    def _losses(self, epochs: slice) -> np.ndarray:
        """(n, epochs) as scikit-learn has them, penalties included."""
        # a squared error is reported as the mean over outputs, though the gradient is of their sum
        outputs = self.mlp.outputs if self.mlp.loss == "half_squared_error" else 1
        assert self.history.penalty is not None
        return self.history.loss[:, epochs] / outputs + self.history.penalty[:, epochs]

    def _scores(self, networks: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Scores of some networks, which have these parameters, each on what it holds out."""
        classifies = is_classifier(self.estimators[0])
        if classifies and len(self.estimators[0].classes_) == 1:
            return np.ones(len(networks))
        alike: dict[bytes, list[int]] = defaultdict(list)
        for place, k in enumerate(networks):
            fit = self.fits[k]
            alike[fit.rows[fit.held_out].tobytes()].append(place)
        result = np.empty(len(networks))
        score = scores.accuracy if classifies else scores.r2
        for places in alike.values():
            fit = self.fits[networks[places[0]]]
            part = self.population[networks[places]].with_parameters(parameters[places])
            predictions = part.predict(self.X[fit.rows[fit.held_out]], fit.estimator.device)
            weights = None if fit.weights is None else fit.weights[fit.held_out]
            result[places] = score(predictions, fit.targets[fit.held_out], weights)
        return result

    def _tired(self, k) -> None:
        """What happens to a network that has not become better for too long."""
        estimator, memory = self.estimators[k], self.memories[k]
        what = "Validation score" if self.early[k] else "Training loss"
        words = (
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        adapts = estimator.solver == "sgd" and estimator.learning_rate == "adaptive"
        if adapts and memory.learning_rate > LEAST_RATE:
            memory.learning_rate /= 5.0
            self.training.set_learning_rate(memory.learning_rate, np.array([k]))
            self.watch.count[k] = 0
            words += f" Setting learning rate to {memory.learning_rate:f}"
        else:
            self.converged[k] = True
            words += " Learning rate too small. Stopping." if adapts else " Stopping."
        if self.verbose[k]:
            print(words)

    def _end(self, networks: np.ndarray) -> None:
        """Let some networks stop where they are."""
        self.running[networks] = False
        self.training.drop(networks)
        for k in networks:
            fit = self.fits[k]
            fit.random_state.set_state(self.streams.state(k))
            if not self.converged[k] and not fit.incremental:
                warnings.warn(
                    f"Stochastic Optimizer: Maximum iterations ({fit.estimator.max_iter}) reached "
                    "and the optimization hasn't converged yet.",
                    ConvergenceWarning,
                    stacklevel=2,
                )

    def write_back(self) -> None:
        """Give every estimator what became of it."""
        state, losses = self.training.state_dict(), self._losses(slice(self.epoch))
        kept = self._parameters()
        if self.early.any():
            kept[self.returns] = self.best[self.returns]
        trained, finite = self.population.with_parameters(kept), np.isfinite(kept).all(axis=1)
        for k, fit in enumerate(self.fits):
            estimator, ran = fit.estimator, int(self.ran[k])
            estimator.coefs_, estimator.intercepts_ = trained.arrays(k)
            estimator.n_iter_ = ran
            estimator.t_ += ran * len(fit.trained)
            estimator.loss_curve_ += losses[k, :ran].tolist()
            estimator.loss_ = estimator.loss_curve_[-1] if ran else np.nan
            estimator._no_improvement_count = int(self.watch.count[k])
            if self.early[k]:
                estimator.best_validation_score_ = -float(self.watch.best[k])
            else:
                estimator.best_loss_ = float(self.watch.best[k])
            self._remember(k, ran, state)
            if not finite[k]:
                fit.error = ValueError(NOT_FINITE)

    def _remember(self, k: int, ran: int, state: dict[str, np.ndarray]) -> None:
        estimator, memory = self.estimators[k], self.memories[k]
        memory.epochs += ran
        if estimator.solver == "sgd" and estimator.learning_rate == "invscaling":
            memory.learning_rate = (
                estimator.learning_rate_init / (estimator.t_ + 1) ** estimator.power_t
            )
        memory.tensors = {name: state[name][k : k + 1].copy() for name in ("moments", "powers")}
        estimator._optimizer = memory


def _memory(fit: Fit) -> Memory:
    estimator = fit.estimator
    before = getattr(estimator, "_optimizer", None)
    if fit.incremental and before is not None:
        return before
    return Memory(float(estimator.learning_rate_init))


def _population(fits: list[Fit]) -> Population:
    """The networks as they begin."""
    population = population_of([fit.estimator for fit in fits])
    for k, fit in enumerate(fits):
        if fit.estimator.dropout:  # what is drawn beyond scikit-learn's draws, where it has none
            seed = fit.random_state.randint(2**31)
            population.seeds[k : k + 1] = counter.key(seed, fit.estimator.t_)
    return population


def _scattered(fits: list[Fit], name: str, samples: int) -> np.ndarray:
    """Targets or weights of the shared samples."""
    example = getattr(fits[0], name)
    result = np.zeros((samples, *example.shape[1:]), fits[0].dtype)
    for fit in fits:
        result[fit.rows] = getattr(fit, name)
    return result


def _rates(fit: Fit, memory: Memory, epochs: int) -> np.ndarray:
    """(epochs,) learning rates of what is to come, or (1,) where they are constant."""
    estimator = fit.estimator
    schedule, first = estimator.learning_rate, estimator.learning_rate_init
    if schedule in ("exponential", "cosine"):
        optimizer = Adam(
            learning_rate=first,
            schedule=schedule,
            decay=estimator.decay,
            warmup=estimator.warmup,
        )
        most = estimator.max_iter
        rates = unfolded(optimizer.resolve(1, most), most).rates[0]
        coming = memory.epochs + np.arange(epochs)
        return rates[np.minimum(coming, len(rates) - 1)]
    if estimator.solver == "sgd" and schedule == "invscaling":
        seen = estimator.t_ + len(fit.trained) * np.arange(1, epochs)
        later = first / (seen + 1.0) ** estimator.power_t
        return np.concatenate([[memory.learning_rate], later])
    return np.array([memory.learning_rate])


def _optimizer(estimators: list, rates: np.ndarray) -> Optimizer:
    """The optimiser that has every estimator's own numbers."""

    def each(name: str) -> np.ndarray:
        return np.array([getattr(estimator, name) for estimator in estimators], np.float64)

    longest = [np.inf if e.clip_norm is None else e.clip_norm for e in estimators]
    shared = {
        "learning_rate": rates,
        "l2": each("alpha"),
        "clip_norm": np.array(longest),
    }
    solver = estimators[0].solver
    if solver == "sgd":
        momentum, nesterov = each("momentum"), each("nesterovs_momentum")
        return ScikitLearnSGD(momentum=momentum, nesterov=nesterov, **shared)
    if solver == "rmsprop":
        return RMSprop(alpha=each("beta_2"), epsilon=each("epsilon"), **shared)
    adam = {"beta1": each("beta_1"), "beta2": each("beta_2"), "epsilon": each("epsilon")}
    if solver == "adamw":
        return AdamW(weight_decay=each("weight_decay"), **adam, **shared)
    return ScikitLearnAdam(**adam, **shared)
