"""Networks of a sweep, trained and scored: those that one fit can train together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from ..tables.target import total_sum_of_squares
from ..training.backpropagation import gradients
from ..training.dispatch import Plan, choose
from ..training.history import History, latest
from ..training.loop import Training
from ..training.network import MLP
from ..training.optimizers import OPTIMIZERS, Optimizer
from ..training.population import Population
from ..training.progress import Progress
from .folds import Folds, Part
from .space import widths

FEW = 64  # networks that kernels are compiled with
MOST = 4096  # networks in a fit: more are no faster, and what is lost when a run is killed
PREDICTIONS = 1 << 24  # numbers predicted at a time
SPLIT_SCORE = "split{}_validation_score"  # as scikit-learn calls the score of a fold


class Kind(NamedTuple):
    """What networks must share to be trained by one fit."""

    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int
    init: str

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.hidden)) or 'linear'} {self.activation} {self.optimizer}"


class Trials(NamedTuple):
    """Trials of one kind: their numbers in the study, and their hyperparameters."""

    kind: Kind
    numbers: list[int]
    points: list[dict[str, Any]]

    def part(self, places: slice) -> Trials:
        """Some of them."""
        return Trials(self.kind, self.numbers[places], self.points[places])


def kind_of(point: Mapping[str, Any]) -> Kind:
    """What a trial must share with those that are trained with it."""
    hidden, batch_size = widths(point), point["batch_size"]
    return Kind(hidden, point["activation"], point["optimizer"], batch_size, point["init"])


State = dict[str, np.ndarray]


class Shard(NamedTuple):
    """Trials of one kind on their way, which one fit takes further.

    Attributes
    ----------
    trials : Trials
    epoch : how far they are
    states : each trial's tensors of :meth:`Training.state_dict`, a row for each of its folds;
        none before the first epoch
    """

    trials: Trials
    epoch: int
    states: list[State]

    def part(self, places: slice) -> Shard:
        """Some of its trials."""
        return Shard(self.trials.part(places), self.epoch, self.states[places])


@dataclass(frozen=True)
class Outcome:
    """What a fit made of a shard.

    Attributes
    ----------
    shard : how far it is now; without states when nothing is left to train
    results : (trials,) arrays, the columns of the table
    losses : (trials, epochs) training losses, means over folds
    rung : (trials,) validation losses, means over folds, at a stop before the last epoch
    best : place of the trial with the highest score, and its network (of fold 0)
    updates : samples that networks learned from
    paused : whether it only pauses, somewhere on its way
    interrupted : whether Ctrl-C ended it
    """

    shard: Shard
    results: dict[str, np.ndarray]
    losses: np.ndarray
    rung: np.ndarray
    best: tuple[int, Population]
    updates: int
    paused: bool
    interrupted: bool


@dataclass(frozen=True)
class Trainer:
    """Trains and scores the networks of trials: for each trial one a fold.

    Attributes
    ----------
    folds : what all networks are trained on and ranked by
    whole : what the winner is trained on
    refits : whether the winner is trained anew, and only then scored on the test part
    halves : whether there are rungs, where losses on the validation part say who goes on
    """

    folds: Folds
    whole: Part
    test: Part
    refits: bool
    halves: bool
    classes: Sequence[str]
    epochs: int
    seed: int
    device: str
    compiled: set[tuple[str, ...]] = field(default_factory=set)

    def compile(self, trials: Trials) -> None:
        """Train a few networks of a kind for an epoch on a batch: kernels are there then."""
        kind = trials.kind
        few = trials.part(slice(FEW))
        strategy = self.plan(few).strategy
        needed = (strategy, kind.activation, kind.optimizer)  # sizes compile nothing
        if needed in self.compiled:
            return
        self.compiled.add(needed)
        batch = Part(*(values[: kind.batch_size] for values in self.folds.train))
        population = self.population(few)
        with self.training(population, few, batch, epochs=1) as training:
            training.advance()
        population.predict(batch.X[:1], device=self.device)
        if self.halves:
            gradients(population, batch.X[:1], batch.y[:1], device=self.device)

    def most(self, kind: Kind, memory: int) -> int:
        """How many trials of a kind may be trained at once, in so many bytes."""
        copies = len(self.folds.rows)
        numbers = 3 * self._mlp(kind).n_parameters + 2 * self.epochs  # with two moments, and losses
        return max(1, min(MOST, memory // (4 * numbers)) // copies)

    def population(self, trials: Trials, copies: int = 1) -> Population:
        """The networks before training, all trials on fold 0 first, then all on fold 1, ...

        Each starts from its trial's number, or its own seed.
        """
        seeds = [p.get("seed", k) for k, p in zip(trials.numbers, trials.points, strict=True)]
        mlp, init = self._mlp(trials.kind), trials.kind.init
        return Population.drawn(mlp, np.array(seeds * copies), self.seed, init)

    def plan(self, trials: Trials) -> Plan:
        """What would train some trials."""
        kind, copies = trials.kind, len(self.folds.rows)
        rule = OPTIMIZERS[kind.optimizer]().resolve(1, 1).rule
        n = len(trials.numbers) * copies
        return choose(self._mlp(kind), n, kind.batch_size, self.device, rule)

    def cost(self, shard: Shard, until: int) -> float:
        """About how many operations it takes to train a shard up to an epoch."""
        epochs = (until - shard.epoch) * len(shard.trials.numbers)
        return 6.0 * self._mlp(shard.trials.kind).n_parameters * len(self.folds.train.X) * epochs

    def advance(
        self,
        shard: Shard,
        until: int,
        seconds: float = np.inf,
        watch: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        """Train a shard up to an epoch, or to the first one after so many seconds, and score it."""
        trials, copies = shard.trials, len(self.folds.rows)
        population = self.population(trials, copies)
        copied = trials._replace(points=trials.points * copies)
        rows = self.folds.of_networks(len(trials.points))
        with self.training(population, copied, self.folds.train, rows) as training:
            if shard.states:
                training.load_state_dict(joined(shard.states))
            before = training.history().sample_updates
            training.advance(until, watch or False, seconds)
            if watch:  # also where no network was left to train
                watch(training.progress())
            epoch = training.epoch
            states = [] if epoch == self.epochs else parted(training.state_dict(), copies)
        history = training.history()
        arrived = epoch >= until  # past it where all diverged
        results = self.results(population, history)
        best = int(results["validation_score"].argmax())
        at_rung = arrived and epoch < self.epochs
        return Outcome(
            shard=Shard(trials, epoch, states),
            results=results,
            losses=self.losses(history),
            rung=self.validation_losses(population) if at_rung else np.empty(0),
            best=(best, population[best]),
            updates=history.sample_updates - before,
            paused=not arrived and not training.interrupted,
            interrupted=training.interrupted,
        )

    def network(self, trial: Trials, state: State) -> Population:
        """The network of one trial as it is in its state, of fold 0."""
        return self.population(trial).with_parameters(state["parameters"][:1])

    def refit(self, trials: Trials, epochs: int) -> tuple[Population, History]:
        """One trial's network, trained on all rows that are not test, for so many epochs.

        They are those that it was ranked at, of a schedule that is the whole sweep's. So Ctrl-C
        does not cut them short; a second one raises.
        """
        population = self.population(trials)
        with self.training(population, trials, self.whole) as training:
            while training.epoch < epochs:
                training.advance(epochs)
        return population, training.history()

    def training(
        self,
        population: Population,
        trials: Trials,
        part: Part,
        rows: tuple[list[np.ndarray], np.ndarray] | None = None,
        epochs: int | None = None,
    ) -> Training:
        """A training of networks of a kind, each with its own hyperparameters."""
        return Training(
            population,
            part.X,
            part.y,
            _optimizer(trials.kind.optimizer, trials.points),
            epochs=epochs or self.epochs,
            batch_size=trials.kind.batch_size,
            seed=self.seed,
            rows=rows,
            dropout=np.array([point.get("dropout", 0.0) for point in trials.points]),
            device=self.device,
        )

    def _mlp(self, kind: Kind) -> MLP:
        outputs, loss = (len(self.classes), "cross_entropy") if self.classes else (1, "mse")
        return MLP((self.whole.X.shape[1], *kind.hidden, outputs), kind.activation, loss)

    def losses(self, history: History) -> np.ndarray:
        """(trials, epochs) training losses, means over folds."""
        copies = len(self.folds.rows)
        return history.loss.reshape(copies, -1, history.loss.shape[1]).mean(axis=0)

    def results(self, population: Population, history: History) -> dict[str, np.ndarray]:
        """What came of trials: all on fold 0 come first in the population, then all on fold 1.

        A network that predicts what is not finite, on what it is ranked by, has diverged too. No
        score is NaN: those of networks that diverged are -inf.
        """
        parts = self.folds.validation
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
        diverged = diverged | np.isnan(scores)  # in its last step, which no loss was seen after
        scores = sound(scores, diverged)
        results = {"validation_score": scores.mean(axis=1)}
        if self.refits:
            with np.errstate(invalid="ignore"):  # a score of -inf has no deviation
                results["validation_std"] = scores.std(axis=1)
        elif len(self.test.X):
            results["test_score"] = sound(self.scores(population, self.test), diverged[:, 0])
        results["loss"], results["epochs"] = loss.mean(axis=1), epochs.min(axis=1)
        results["diverged"] = diverged.any(axis=1)
        if self.refits:
            results |= {SPLIT_SCORE.format(k): column for k, column in enumerate(scores.T)}
        return results

    def validation_losses(self, population: Population) -> np.ndarray:
        """(trials,) losses on what trials are scored on, means over folds; none is infinite."""
        parts = self.folds.validation
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
            if self.classes:
                own = (predicted.argmax(axis=2) == part.y).mean(axis=1)
            else:
                with np.errstate(over="ignore"):  # predictions far beyond any target score -inf
                    errors = ((predicted[:, :, 0].astype(np.float64) - part.y) ** 2).sum(axis=1)
                    own = 1.0 - errors / total_sum_of_squares(part.y)
            scores.append(np.where(np.isfinite(predicted).all(axis=(1, 2)), own, np.nan))
        return np.concatenate(scores)


def sound(scores: np.ndarray, diverged: np.ndarray) -> np.ndarray:
    """Scores, the worst there is where a network diverged, or what it predicts is not finite."""
    return np.where(diverged | np.isnan(scores), -np.inf, scores)


def joined(states: Sequence[State]) -> State:
    """Tensors of a training of some trials: all on fold 0 first, then all on fold 1, ..."""
    tensors = {}
    for name in states[0]:
        rows = [state[name] for state in states]
        if name == "moments":  # SGD keeps none where no network of a fit has momentum
            most = max(moments.shape[1] for moments in rows)
            rows = [np.pad(m, ((0, 0), (0, most - m.shape[1]), (0, 0))) for m in rows]
        array = np.stack(rows, axis=1)
        tensors[name] = array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])
    return tensors


def parted(tensors: State, copies: int) -> list[State]:
    """Each trial's own rows of those of a training's tensors that have any."""
    trials = len(tensors["status"]) // copies
    there = {name: array for name, array in tensors.items() if len(array)}
    return [{name: array[k::trials].copy() for name, array in there.items()} for k in range(trials)]


def _optimizer(name: str, points: list[dict[str, Any]]) -> Optimizer:
    """An optimiser with each point's own numbers."""
    kind = OPTIMIZERS[name]
    settings = {
        setting.name: np.array([point.get(setting.name, setting.default) for point in points])
        for setting in fields(kind)
        if any(setting.name in point for point in points)
    }
    return kind(**settings)
