"""A sweep's time: how much of it is left, and how many networks are begun with it.

Cohorts begin small and grow: each takes half of what still fits, as far as was measured, down to a
second's work or so. Which hyperparameters a network has depends on its number alone. So where
nothing else depends on the sizes of cohorts, they follow the machine; where a sampler learns, or
trials are pruned, they follow the data and the time that was asked for.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np

from .costs import RATE, typical_operations
from .options import Search
from .shards import Job, Shard
from .trainer import Trainer
from .trials import FitGroup, Trial

RESERVE = 0.05  # of the time, for what follows: choosing an ensemble, and files
FIRST_SHARE, FIRST = 0.02, 64  # what a first cohort takes by a guess; and networks of it, at most
GROWTH = 4  # times the cohort before
LAST_SHARE = 0.02  # of the time: no cohort is smaller, if so much still fits
LEAST = 0.25  # of the threads' next networks must fit, or no more are begun
LEARNING_SECONDS = 2.0  # of a cohort, by a guess, of a sampler that learns
PRUNING_SHARE, PRUNING = 0.05, 32  # the same where trials are pruned; and networks, at least
SPARE = 1.5  # a network that is trained alone takes so much longer than in its share of a cohort
RECENT = 256  # trials that tell what the next ones cost


class Budget:
    """The time of a sweep.

    Parameters
    ----------
    trainer, search : of the sweep, which has a time
    learns : whether its sampler does
    known : the first trial that no earlier process knows

    Attributes
    ----------
    limit : seconds of training after which all must have ended; those of earlier processes count
    """

    def __init__(self, trainer: Trainer, search: Search, learns: bool, known: int) -> None:
        assert search.time is not None
        self._trainer, self._search, self._learns, self._known = trainer, search, learns, known
        self.limit = self._usable = search.time
        self._typical = typical_operations(trainer, search.space, search.halving)
        self._epoch: dict[FitGroup, float] = {}  # operations of a trial of the group
        self._recent: deque[float] = deque(maxlen=RECENT)  # operations of trials
        self._seen: deque[tuple[float, float]] = deque()  # seconds, and operations by then
        self._rate: float | None = None
        self._last, self._closed = 0, False

    @property
    def is_free(self) -> bool:
        """Whether no result depends on how large cohorts are."""
        return self._search.halving is None and not self._learns

    def begin(self, seconds: float, beside: float) -> None:
        """Training begins, or goes on.

        Parameters
        ----------
        seconds : of training, of earlier processes
        beside : seconds of all processes that were not training
        """
        assert self._search.time is not None
        self.limit = self._usable = (1 - RESERVE) * self._search.time - beside
        self._begun = seconds
        self._seen.append((seconds, 0.0))

    def learn(self, seconds: float, job: Job, epoch: int, concurrency: int) -> None:
        """See when a job came to an epoch: the speed is that of the later half of the time."""
        done = self._operations(job.shard.group) * len(job.shard) * (epoch - job.shard.epoch)
        middle = 0.5 * (self._begun + seconds)
        self._seen.append((seconds, self._seen[-1][1] + done))
        while len(self._seen) > 2 and self._seen[1][0] <= middle:
            self._seen.popleft()
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        if after > before and last > first:
            self._rate = (after - before) / (last - first)
            self.limit = self._usable - self._alone() * concurrency / self._rate

    def size(self, most: int) -> int:
        """Trials of a cohort, where results depend on it: by guesses that are the same anywhere."""
        assert self._search.time is not None
        seconds, least = LEARNING_SECONDS, 1
        if self._search.halving is not None:
            seconds, least = PRUNING_SHARE * self._search.time, PRUNING
        return int(np.clip(seconds * RATE / self._typical, min(least, most), most))

    def room(
        self, most: int, asked: int, trials: Iterable[Trial], seconds: float, concurrency: int
    ) -> int:
        """How many new trials to begin with, at most ``most``, but all that are known.

        Parameters
        ----------
        asked : trials so far
        trials : those under way
        seconds : of training so far
        concurrency : shards that are trained at once
        """
        known, left = max(0, self._known - asked), self.limit - seconds
        if left <= 0 and asked == self._known == 0:
            return min(most, concurrency)  # there must be a result
        if self.is_free:
            fitting = self._fitting(left, trials)
            return max(known, min(most, self._step(fitting, left, concurrency)))
        if self._closed:  # what is asked later would be asked otherwise by who goes on with it
            return 0
        # Those under way are not counted: too many cost nothing, too few are the last ones.
        fitting = self._fitting(left, ())
        allowed = fitting if fitting >= LEAST * concurrency else 0.0
        allowed = most if allowed >= most / 2 else max(known, allowed)
        allowed = min(most, allowed)
        self._closed = allowed < most
        return math.ceil(allowed)

    def begun(self, trial: Trial) -> None:
        """See what a new trial costs."""
        self._recent.append(self._cost(trial))

    def _fitting(self, left: float, trials: Iterable[Trial]) -> float:
        """How many new trials fit into the time that is left, beside those under way."""
        if left <= 0:
            return 0.0
        if self._rate is None:
            return math.inf
        under_way = sum(self._cost(trial) for trial in trials if not trial.ended)
        return (left * self._rate - under_way) / self._mean

    def _step(self, fitting: float, left: float, concurrency: int) -> int:
        """Trials of the next cohort: half of what fits, or the rest if that is little."""
        if self._rate is None:
            first = min(FIRST, FIRST_SHARE * left * RATE / self._typical) if left > 0 else 0
            self._last = max(concurrency, int(first)) if left > 0 else 0
            return self._last
        if fitting < LEAST * concurrency:
            return 0
        little = max(concurrency, LAST_SHARE * self.limit * self._rate / self._mean)
        size = max(fitting / 2, min(max(fitting, concurrency), little))
        self._last = math.ceil(min(size, GROWTH * max(self._last, concurrency)))
        return self._last

    @property
    def _mean(self) -> float:
        """Operations of a trial, as those that were drawn last have them."""
        return float(np.mean(self._recent)) if self._recent else self._typical

    def _cost(self, trial: Trial) -> float:
        """About how many operations are before a trial."""
        halving = self._search.halving
        epochs: float = self._search.epochs - trial.epoch
        if halving is not None:
            epochs = halving.epochs_left(trial.number, trial.epoch)
        return self._operations(trial.group) * epochs

    def _operations(self, group: FitGroup) -> float:
        """Operations of an epoch of a trial of a group."""
        if group not in self._epoch:
            self._epoch[group] = self._trainer.operations(Job(Shard(group, [0], [{}]), 1))
        return self._epoch[group]

    def _alone(self) -> float:
        """Operations, at a thread's speed, after all: those of a winner that is trained anew."""
        data, halving = self._trainer.data, self._search.halving
        if not data.refits:
            return 0.0
        most = 1.0 if halving is None else halving.epochs / halving.mean_epochs()
        return SPARE * most * self._mean * len(data.winner.X) / len(data.folds.train.X)
