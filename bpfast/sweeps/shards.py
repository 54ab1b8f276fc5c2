"""What workers are given and give back: shards, the jobs that train them, and their outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..training.population import Population
from .trials import FitGroup, State, Trial

MOMENT = 1e-3  # seconds


@dataclass(frozen=True)
class Shard:
    """Trials of one group, trained to the same epoch, which one fit trains further.

    Attributes
    ----------
    group : FitGroup
    numbers : the trials' numbers in the study
    params : the trials' hyperparameters
    epoch : how far they are
    states : what each trial goes on from; none before the first epoch and after the last
    """

    group: FitGroup
    numbers: list[int]
    params: list[dict[str, Any]]
    epoch: int = 0
    states: list[State] = field(default_factory=list)

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> Shard:
        """The shard of some trials, as far as they are."""
        return cls(
            trials[0].group,
            [trial.number for trial in trials],
            [trial.params for trial in trials],
            trials[0].epoch,
            [trial.state for trial in trials if trial.state is not None],
        )

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, some: slice) -> Shard:
        """Some of its trials."""
        numbers, params, states = self.numbers[some], self.params[some], self.states[some]
        return Shard(self.group, numbers, params, self.epoch, states)


class Job(NamedTuple):
    """What a worker is given.

    Attributes
    ----------
    shard : what is trained
    until : the epoch that it is trained to
    seconds : after which it pauses
    worst : networks of trials with a lower score need not come back
    is_last : whether the sweep's time is over then: what is not at ``until`` stays as it is
    """

    shard: Shard
    until: int
    seconds: float = np.inf
    worst: float = -np.inf
    is_last: bool = False

    def within(self, left: float) -> Job:
        """The job where the sweep has so many seconds left.

        What was never trained is, for a moment at least: without it there would be no result.
        """
        if left > self.seconds or left == np.inf:
            return self
        least = 0.0 if self.shard.states else MOMENT
        return self._replace(seconds=max(left, least), is_last=True)


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    shard : as far as it is now
    results : (trials,) arrays, the columns of the table
    losses : (trials, epochs) training losses, means over folds
    rung_losses : (trials,) validation losses, means over folds; empty but at a rung
    networks : of the best trials, by their index: one a fold
    updates : samples that networks learned from
    paused : whether it is still on its way to ``until``
    interrupted : whether Ctrl-C ended it
    out_of_time : whether the sweep's time was over before it came to ``until``
    """

    shard: Shard
    results: dict[str, np.ndarray]
    losses: np.ndarray
    rung_losses: np.ndarray
    networks: dict[int, Population]
    updates: int
    paused: bool
    interrupted: bool
    out_of_time: bool = False
