"""Trains the networks of trials, and has them scored: on any thread, process or machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..tables.encoding.expansion import SCALED, expanded_inputs
from ..training.backpropagation import gradients
from ..training.dispatch import choose
from ..training.history import History
from ..training.loop import Training
from ..training.network import MLP
from ..training.optimizers import OPTIMIZERS, Optimizer
from ..training.population import Population
from ..training.progress import Progress
from .candidates import best_indices
from .fits import Fits
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

    def data_of(self, group: FitGroup) -> SweepData:
        """The data with the number encoding of a group's networks."""
        return self.data.expanded(group.number_encoding)

    def scorer(self, group: FitGroup) -> Scorer:
        """What scores the networks of a group."""
        return Scorer(self.data_of(group), self.device)

    def compile(self, shard: Shard) -> None:
        """Train a few networks of a group for an epoch on a batch: kernels are there then."""
        group, few = shard.group, shard.part(slice(WARM_UP_NETWORKS))
        n, rule = len(few) * len(self.data.folds.rows), OPTIMIZERS[group.optimizer]()
        inputs = self._most_inputs(group)
        mlp = self._mlp(group, inputs)
        plan = choose(mlp, n, group.batch_size, self.device, rule.resolve(1, 1).rule)
        needed = (plan.strategy, group.activation, group.optimizer)  # sizes compile nothing
        if needed in self.compiled:
            return
        self.compiled.add(needed)
        samples = [part.cut(0, group.batch_size) for part in self.data.folds.samples]
        batch, validation = (part.padded(inputs) for part in samples)
        population = self.population(few, [inputs])
        with self._training(population, few, batch, validation=validation, epochs=1) as training:
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
        shard, scorer = job.shard, self.scorer(job.shard.group)
        population = self.population(shard, scorer.data.folds.inputs)
        fits = self._fits(population, shard)
        with closing(fits):
            before = fits.sample_updates
            if job.seconds > 0 or not job.is_last:
                fits.advance(job.until, watch, job.seconds)
            epoch = fits.epoch
            states = [] if epoch == self.epochs else fits.states()
            arrived = epoch >= job.until  # past it where all diverged
            out_of_time = job.is_last and not arrived and not fits.interrupted
            stopped = fits.history().stopped
            if out_of_time:
                fits.drop()
        history = replace(fits.history(), stopped=stopped)  # by patience, not by time
        results = scorer.results(population, history)
        at_rung = arrived and epoch < self.epochs
        has_ended = out_of_time or not states
        good = best_indices(results["validation_score"], job.worst) if has_ended else []
        return Outcome(
            shard=Shard(shard.group, shard.numbers, shard.params, epoch, states),
            results=results,
            losses=self._losses(history),
            rung_losses=scorer.validation_losses(population) if at_rung else np.empty(0),
            networks={k: population[k :: len(shard)] for k in good},
            updates=history.sample_updates - before,
            paused=not arrived and not fits.interrupted and not job.is_last,
            interrupted=fits.interrupted,
            out_of_time=out_of_time,
        )

    def _fits(self, population: Population, shard: Shard) -> Fits:
        """The fits that train a shard: one for all folds, or with patience one for each.

        Networks that stop by a loss on validation samples must have them in common.
        """
        folds = self.data_of(shard.group).folds
        count, trials = len(folds.rows), len(shard)
        if "patience" not in shard.params[0]:
            rows = folds.of_networks(trials)
            fit = self._training(population, shard, folds.train, rows=rows)
            return Fits(population, [fit], trials, shard.states)
        own = [population]
        if count > 1:
            own = [population[k * trials : (k + 1) * trials] for k in range(count)]
        fits = [
            self._training(networks, shard, folds.fold(k), validation=folds.validation[k])
            for k, networks in enumerate(own)
        ]
        return Fits(population, fits, trials, shard.states)

    def refit(self, shard: Shard, epochs: int) -> tuple[Population, History]:
        """The winner's network, trained on all rows that are not test, for so many epochs.

        They are those that it was ranked at, of a schedule that is the whole sweep's. So Ctrl-C
        does not cut them short; a second one raises.
        """
        winner = self.data_of(shard.group).winner
        population = self.population(shard, [winner.X.shape[1]])
        with self._training(population, shard, winner) as training:
            while training.epoch < epochs:
                training.advance(epochs)
        return population, training.history()

    def networks(self, trial: Trial) -> Population:
        """The networks of a trial that has a state, as they are there, one a fold."""
        assert trial.state is not None
        shard = Shard.of([trial])
        population = self.population(shard, self.data_of(shard.group).folds.inputs)
        return population.with_parameters(trial.state["parameters"])

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
        inputs = inputs or [self.data_of(shard.group).folds.train.X.shape[1]]
        mlp, init = self._mlp(shard.group, max(inputs)), shard.group.init
        population = Population.drawn(mlp, np.array(seeds * len(inputs)), self.seed, init)
        for fold, own_inputs in enumerate(inputs):
            if own_inputs < max(inputs):
                narrow = self._mlp(shard.group, own_inputs)
                own = Population.drawn(narrow, np.array(seeds), self.seed, init)
                networks = slice(fold * len(seeds), (fold + 1) * len(seeds))
                _set_parameters(population, networks, own)
        return population

    def parameters(self, group: FitGroup) -> int:
        """How many parameters the networks of a trial of a group have."""
        inputs = self.data_of(group).folds.inputs
        return len(inputs) * self._mlp(group, max(inputs)).n_parameters

    def max_trials(self, group: FitGroup, memory: int) -> int:
        """How many trials of a group may be trained at once, in so many bytes."""
        # with two moments, and the best epoch's; and losses
        mlp = self._mlp(group, self._most_inputs(group))
        floats = 4 * mlp.n_parameters + 2 * self.epochs
        return max(1, min(MAX_NETWORKS, memory // (4 * floats)) // len(self.data.folds.rows))

    def operations(self, job: Job) -> float:
        """About how many operations a job takes."""
        epochs = (job.until - job.shard.epoch) * len(job.shard)
        group = job.shard.group
        parameters = self._mlp(group, self._most_inputs(group)).n_parameters
        return 6.0 * parameters * len(self.data.folds.train.X) * epochs

    def _training(
        self,
        population: Population,
        shard: Shard,
        part: Part,
        rows: tuple[list[np.ndarray], np.ndarray] | None = None,
        validation: Part | None = None,
        epochs: int | None = None,
    ) -> Training:
        """A training of a shard's networks, each with its own hyperparameters.

        By samples to score on it is known when to stop, for networks that have patience.
        """
        params = shard.params * (len(population) // len(shard))
        stopping: dict[str, Any] = {}
        if validation is not None and "patience" in shard.params[0]:
            stopping["patience"] = np.array([own["patience"] for own in params])
            stopping["validation"] = (validation.X, validation.y)
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
            **stopping,
        )

    def _most_inputs(self, group: FitGroup) -> int:
        """How many inputs a group's networks have, at most: nothing is encoded to know it."""
        folds = self.data.folds
        if group.number_encoding == SCALED:
            return folds.train.X.shape[1]
        bounded = [found.encoding.bounded for found in folds.prepared]
        return max(expanded_inputs(group.number_encoding, own) for own in bounded)

    def _mlp(self, group: FitGroup, inputs: int) -> MLP:
        target = self.data.target
        return MLP((inputs, *group.hidden, target.outputs), group.activation, LOSS[target.kind])

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
