"""Trains the networks of trials, and has them scored: on any thread, process or machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..training.backpropagation import gradients
from ..training.dispatch import choose
from ..training.history import History
from ..training.loop import Training
from ..training.network import MLP
from ..training.optimizers import OPTIMIZERS, Optimizer
from ..training.population import Population
from ..training.progress import Progress
from .checkpoints import joined, parted
from .parts import SweepData
from .preparation import Part
from .scoring import Scorer
from .shards import Job, Outcome, Shard
from .trials import FitGroup, Trial

WARM_UP_NETWORKS = 64  # that kernels are compiled with
LOSS = {"classes": "cross_entropy", "labels": "binary_cross_entropy", "numbers": "mse"}
MAX_NETWORKS = 4096  # in a fit: more are no faster, and more is lost when a run is killed


@dataclass(frozen=True)
class Trainer:
    """Trains and scores the networks of trials: for each trial one a fold.

    Attributes
    ----------
    data : SweepData
    epochs, seed, device : of the sweep
    has_rungs : whether losses on the validation part decide which trials are pruned
    compiled : strategies, activations and optimisers whose kernels are there
    """

    data: SweepData
    epochs: int
    seed: int
    device: str
    has_rungs: bool
    compiled: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def scorer(self) -> Scorer:
        """What scores the networks."""
        return Scorer(self.data, self.device)

    def compile(self, shard: Shard) -> None:
        """Train a few networks of a group for an epoch on a batch: kernels are there then."""
        group, few = shard.group, shard.part(slice(WARM_UP_NETWORKS))
        n, rule = len(few) * len(self.data.folds.rows), OPTIMIZERS[group.optimizer]()
        plan = choose(self._mlp(group), n, group.batch_size, self.device, rule.resolve(1, 1).rule)
        needed = (plan.strategy, group.activation, group.optimizer)  # sizes compile nothing
        if needed in self.compiled:
            return
        self.compiled.add(needed)
        batch = self.data.folds.train.head(group.batch_size)
        population = self.population(few)
        with self._training(population, few, batch, epochs=1) as training:
            training.advance()
        population.predict(batch.X[:1], device=self.device)
        if self.has_rungs:
            gradients(population, batch.X[:1], batch.y[:1], device=self.device)

    def advance(self, job: Job, watch: Callable[[Progress], None] | None = None) -> Outcome:
        """Train a shard as far as its job says, and score it.

        Parameters
        ----------
        watch : given a Progress between calls of the kernel
        """
        shard, folds = job.shard, len(self.data.folds.rows)
        population = self.population(shard, self.data.folds.inputs)
        rows = self.data.folds.of_networks(len(shard))
        with self._training(population, shard, self.data.folds.train, rows) as training:
            if shard.states:
                training.load_state_dict(joined(shard.states))
            before = training.history().sample_updates
            if job.seconds > 0 or not job.is_last:
                training.advance(job.until, watch or False, job.seconds)
            if watch:  # also where no network was left to train
                watch(training.progress())
            epoch = training.epoch
            states = [] if epoch == self.epochs else parted(training.state_dict(), folds)
            arrived = epoch >= job.until  # past it where all diverged
            out_of_time = job.is_last and not arrived and not training.interrupted
            if out_of_time:
                training.drop(np.arange(len(population)))  # which end as they are
        history = training.history()
        results = self.scorer.results(population, history)
        best = int(results["validation_score"].argmax())
        at_rung = arrived and epoch < self.epochs
        return Outcome(
            shard=Shard(shard.group, shard.numbers, shard.params, epoch, states),
            results=results,
            losses=self._losses(history),
            rung_losses=self.scorer.validation_losses(population) if at_rung else np.empty(0),
            best=best,
            best_network=population[best],
            updates=history.sample_updates - before,
            paused=not arrived and not training.interrupted and not job.is_last,
            interrupted=training.interrupted,
            out_of_time=out_of_time,
        )

    def refit(self, shard: Shard, epochs: int) -> tuple[Population, History]:
        """The winner's network, trained on all rows that are not test, for so many epochs.

        They are those that it was ranked at, of a schedule that is the whole sweep's. So Ctrl-C
        does not cut them short; a second one raises.
        """
        winner = self.data.winner
        population = self.population(shard, [winner.X.shape[1]])
        with self._training(population, shard, winner) as training:
            while training.epoch < epochs:
                training.advance(epochs)
        return population, training.history()

    def network(self, trial: Trial) -> Population:
        """The network of a trial that has a state, as it is there, of fold 0."""
        assert trial.state is not None
        parameters = trial.state["parameters"][:1]
        return self.population(Shard.of([trial])).with_parameters(parameters)

    def population(self, shard: Shard, inputs: Sequence[int] | None = None) -> Population:
        """The networks before training, all trials on fold 0 first, then all on fold 1, ...

        Each starts from its trial's number, or its own seed. Networks of a fold with fewer inputs
        than others are drawn as if there were no others: their weights of the inputs after their
        own, which are zeros, are zeros and stay so.

        Parameters
        ----------
        inputs : of each fold's networks; if not given, there is one fold, with the most inputs
        """
        pairs = zip(shard.numbers, shard.params, strict=True)
        seeds = [params.get("seed", number) for number, params in pairs]
        inputs = inputs or [self.data.folds.train.X.shape[1]]
        mlp, init = self._mlp(shard.group, max(inputs)), shard.group.init
        population = Population.drawn(mlp, np.array(seeds * len(inputs)), self.seed, init)
        for fold, own_inputs in enumerate(inputs):
            if own_inputs < max(inputs):
                narrow = self._mlp(shard.group, own_inputs)
                own = Population.drawn(narrow, np.array(seeds), self.seed, init)
                networks = slice(fold * len(seeds), (fold + 1) * len(seeds))
                _set_parameters(population, networks, own)
        return population

    def max_trials(self, group: FitGroup, memory: int) -> int:
        """How many trials of a group may be trained at once, in so many bytes."""
        floats = 3 * self._mlp(group).n_parameters + 2 * self.epochs  # with two moments, and losses
        return max(1, min(MAX_NETWORKS, memory // (4 * floats)) // len(self.data.folds.rows))

    def operations(self, job: Job) -> float:
        """About how many operations a job takes."""
        epochs = (job.until - job.shard.epoch) * len(job.shard)
        parameters = self._mlp(job.shard.group).n_parameters
        return 6.0 * parameters * len(self.data.folds.train.X) * epochs

    def _training(
        self,
        population: Population,
        shard: Shard,
        part: Part,
        rows: tuple[list[np.ndarray], np.ndarray] | None = None,
        epochs: int | None = None,
    ) -> Training:
        """A training of a shard's networks, each with its own hyperparameters."""
        params = shard.params * (len(population) // len(shard))
        return Training(
            population,
            part.X,
            part.y,
            _optimizer(shard.group.optimizer, params),
            epochs=epochs or self.epochs,
            sample_weight=part.weights,
            batch_size=shard.group.batch_size,
            seed=self.seed,
            rows=rows,
            dropout=np.array([own.get("dropout", 0.0) for own in params]),
            device=self.device,
        )

    def _mlp(self, group: FitGroup, inputs: int | None = None) -> MLP:
        data = self.data
        inputs = inputs or data.folds.train.X.shape[1]
        layers = (inputs, *group.hidden, data.target.outputs)
        return MLP(layers, group.activation, LOSS[data.target.kind])

    def _losses(self, history: History) -> np.ndarray:
        """(trials, epochs) training losses, means over folds."""
        folds = len(self.data.folds.rows)
        return history.loss.reshape(folds, -1, history.loss.shape[1]).mean(axis=0)


def _set_parameters(population: Population, networks: slice, own: Population) -> None:
    """Give networks the parameters of others with fewer inputs, and zeros for what these lack."""
    for wide, narrow in zip(population.weights, own.weights, strict=True):
        wide[networks] = 0.0
        wide[networks, : narrow.shape[1]] = narrow
    for wide, narrow in zip(population.biases, own.biases, strict=True):
        wide[networks] = narrow


def _optimizer(name: str, params: list[dict[str, Any]]) -> Optimizer:
    """An optimiser with each network's own settings."""
    optimizer = OPTIMIZERS[name]
    settings = {
        setting.name: np.array([own.get(setting.name, setting.default) for own in params])
        for setting in fields(optimizer)
        if any(setting.name in own for own in params)
    }
    return optimizer(**settings)
