"""The fits that train a shard: as one, however many there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..training.history import History
from ..training.loop import Training
from ..training.population import Population
from ..training.progress import Progress
from .checkpoints import joined, parted
from .trials import State


class Fits:
    """One fit of all networks of a shard, or a fit for each fold.

    Parameters
    ----------
    population : all networks: all trials on fold 0 first, then all trials on fold 1, ...
    fits : of the whole population, or of a copy of each fold's networks
    trials : how many there are
    states : of each trial, a row for each fold; none before the first epoch

    Attributes
    ----------
    interrupted : whether Ctrl-C ended one of them
    """

    def __init__(
        self,
        population: Population,
        fits: Sequence[Training],
        trials: int,
        states: Sequence[State],
    ) -> None:
        self._population, self._fits, self._trials = population, fits, trials
        self.interrupted = False
        for k, fit in enumerate(fits if states else ()):
            own = slice(None) if len(fits) == 1 else slice(k, k + 1)
            fit.load_state_dict(joined([{n: a[own] for n, a in s.items()} for s in states]))

    @property
    def epoch(self) -> int:
        """Epochs that all networks are through that have not ended; the last one if all have."""
        return min(fit.epoch for fit in self._fits)

    @property
    def sample_updates(self) -> int:
        """Samples that networks learned from, so far."""
        return sum(fit.history().sample_updates for fit in self._fits)

    def advance(self, until: int, watch: Callable[[Progress], None] | None, seconds: float) -> None:
        """Train up to an epoch, or until Ctrl-C, or pause after so many seconds.

        Each fit has its share of the seconds that are left: when time is over, no fold is far
        behind the others.

        Parameters
        ----------
        watch : given a Progress of all fits between calls of the kernel
        """
        end = time.perf_counter() + seconds
        for k, fit in enumerate(self._fits):
            share = max(0.0, end - time.perf_counter()) / (len(self._fits) - k)
            fit.advance(until, self._shown(fit, watch), share)
            if watch:  # also where no network was left to train
                watch(self._progress(fit, fit.progress()))
            if fit.interrupted:
                self.interrupted = True
                return

    def drop(self) -> None:
        """Let all networks end where they are, with patience at their best epochs."""
        for fit in self._fits:
            fit.drop(np.arange(len(fit.population)))

    def states(self) -> list[State]:
        """What each trial goes on from, a row for each fold."""
        own = [parted(fit.state_dict(), len(fit.population) // self._trials) for fit in self._fits]
        return [
            {name: np.concatenate([state[name] for state in states]) for name in states[0]}
            for states in zip(*own, strict=True)
        ]

    def history(self) -> History:
        """What has happened so far, in the order of the population's networks."""
        histories = [fit.history() for fit in self._fits]
        first = histories[0]
        if len(histories) == 1:
            return first
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(own, name) for own in histories])
            for name, value in vars(first).items()
            if isinstance(value, np.ndarray) and name != "epochs"
        }
        updates = sum(own.sample_updates for own in histories)
        return replace(first, **arrays, sample_updates=updates)

    def _shown(
        self, fit: Training, watch: Callable[[Progress], None] | None
    ) -> Callable[[Progress], None] | bool:
        return (lambda own: watch(self._progress(fit, own))) if watch else False

    def _progress(self, fit: Training, own: Progress) -> Progress:
        """How far all fits are, while one is trained."""
        if len(self._fits) == 1:
            return own
        others = [other.progress() for other in self._fits if other is not fit]
        return Progress(
            done=own.done + sum(other.done for other in others),
            total=own.total + sum(other.total for other in others),
            seconds=own.seconds,
            rate=own.rate + sum(other.rate for other in others),
            loss=np.concatenate([own.loss, *(other.loss for other in others)]),
        )

    def close(self) -> None:
        """Give back devices' memory; the population has what was trained."""
        for fit in self._fits:
            fit.close()
        if len(self._fits) > 1:
            trained = [fit.population.parameters for fit in self._fits]
            self._population.parameters[:] = np.concatenate(trained)
