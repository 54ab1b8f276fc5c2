"""How far a sweep is, counted while several threads train."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is; what a ``progress`` callable is given.

    Attributes
    ----------
    done, total : sample-updates; those that a pruned network is spared count as done
    seconds : since the first network began
    rate : sample-updates a second, of those that were made
    architecture : what is being trained
    networks : how many have ended
    best : the highest validation score of these, -inf while none has one
    diverged, pruned : how many of these diverged, and how many were pruned at a rung
    metric : scikit-learn's scoring name of the metric that the scores are by
    limit : seconds after which it ends, whatever is done by then; inf without a time
    """

    done: int
    total: int
    seconds: float
    rate: float
    architecture: str
    networks: int = 0
    best: float = -np.inf
    diverged: int = 0
    pruned: int = 0
    metric: str = "accuracy"
    limit: float = np.inf

    @property
    def share(self) -> float:
        """How much of all is done, or of the time over if that is more."""
        return min(1.0, max(self.done / self.total, self.seconds / self.limit))

    @property
    def left(self) -> float:
        """Seconds that are left, as far as the ones before tell; inf if nothing is done yet."""
        return self.seconds * (1.0 / self.share - 1.0) if self.share else np.inf


class ProgressCounter:
    """Counts epochs of trials, and shows what it has counted.

    Parameters
    ----------
    trials, epochs : of the whole sweep
    samples : that a trial's networks see in an epoch, all folds together
    metric : scikit-learn's scoring name
    seconds : what tells the seconds so far
    show : given a SweepProgress, by one thread at a time; None for nobody
    limit : what tells the seconds after which it ends
    """

    def __init__(
        self,
        trials: int,
        epochs: int,
        samples: int,
        metric: str,
        seconds: Callable[[], float],
        show: Callable[[SweepProgress], None] | None,
        limit: Callable[[], float] = lambda: np.inf,
    ) -> None:
        self._limit = limit
        self._trials, self._epochs, self._samples = trials, epochs, samples
        self._metric, self._seconds, self._show = metric, seconds, show
        self._lock = threading.Lock()
        self._paused: dict[int, int] = {}  # epochs of trials that no fit trains, by number
        self._training: dict[int, float] = {}  # sum of epochs in a fit, by its first trial
        self._networks, self._best, self._diverged, self._pruned = 0, -np.inf, 0, 0
        self._spared = 0  # epochs of networks that ended early

    def begin(self, numbers: list[int], epoch: int) -> None:
        """A fit begins to train some trials, which are at an epoch."""
        with self._lock:
            for number in numbers:
                self._paused.pop(number, None)
            self._training[numbers[0]] = epoch * len(numbers)

    def pause(self, numbers: list[int], epoch: int) -> None:
        """A fit has ended or paused; its trials came to an epoch."""
        with self._lock:
            del self._training[numbers[0]]
            self._paused |= dict.fromkeys(numbers, epoch)

    def end(self, row: Mapping[str, Any]) -> None:
        """A trial has ended, with a row of the table."""
        with self._lock:
            self._paused.pop(row["network"], None)
            self._networks += 1
            self._best = max(self._best, row["validation_score"])
            self._spared += self._epochs - row["epochs"]
            self._diverged += row["diverged"]
            ended = row["diverged"] or row.get("stopped", False)
            self._pruned += row["epochs"] < self._epochs and not ended

    def watch(self, numbers: list[int], epochs: float, architecture: str) -> None:
        """A fit has come to a sum of epochs over its trials: show how far all is."""
        with self._lock:
            self._training[numbers[0]] = epochs
            self._tell(architecture)

    def tell(self, architecture: str) -> None:
        """Show how far all is."""
        with self._lock:
            self._tell(architecture)

    def _tell(self, architecture: str) -> None:
        if self._show is None:
            return
        ended = self._networks * self._epochs
        epochs = ended + sum(self._paused.values()) + sum(self._training.values())
        seconds = self._seconds()
        made = max(0.0, epochs - self._spared) * self._samples
        progress = SweepProgress(
            done=round(epochs * self._samples),
            total=self._trials * self._epochs * self._samples,
            seconds=seconds,
            rate=made / seconds,
            architecture=architecture,
            networks=self._networks,
            best=self._best,
            diverged=self._diverged,
            pruned=self._pruned,
            metric=self._metric,
            limit=self._limit(),
        )
        self._show(progress)
