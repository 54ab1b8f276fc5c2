"""Where a sweep's shards are trained: what all workers do, and the threads of this process.

``dask_workers.py`` has the workers of a Dask cluster.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np

from ..training import dispatch
from ..training.progress import Progress
from .shards import Job, Outcome, Shard
from .trainer import Trainer

PIECES = 4  # shards for each that is trained at once: they end about together
GRAIN = 16  # networks that a kernel trains beside each other


def endless() -> float:
    """The seconds that are left of a sweep that has no time to keep to."""
    return np.inf


class Workers(ABC):
    """Train shards, several at once, and give them back in the order in which they end.

    Parameters
    ----------
    trainer : Trainer
    interrupted : what is not empty any more after Ctrl-C
    left : what tells the seconds that the sweep has left; when there are none, no job begins

    Attributes
    ----------
    concurrency : shards that are trained at once
    memory : bytes that the networks of one shard may take
    max_operations : of one shard
    """

    concurrency: int
    memory: int
    max_operations = np.inf

    def __init__(
        self, trainer: Trainer, interrupted: Sequence, left: Callable[[], float] = endless
    ) -> None:
        self._trainer, self._interrupted, self._left = trainer, interrupted, left

    @abstractmethod
    def prepare(self, shards: Sequence[Shard]) -> None:
        """Make ready for the training of some shards, which are not cut yet."""

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> None:
        """Have some shards trained, after those that are waiting."""

    @abstractmethod
    def next(self) -> tuple[Job, Outcome | None]:
        """Wait for a job to end; its outcome is None if Ctrl-C, or the end, came before it."""

    @abstractmethod
    def close(self) -> None:
        """Begin no other job."""

    def _within_time(self, job: Job, is_first: bool) -> Job | None:
        """A job as far as time allows; None where it is over, and there is nothing to score.

        Parameters
        ----------
        is_first : of all: it has something to show, however late it is
        """
        left = self._left()
        if left <= 0 and not is_first and not job.shard.states:
            return None
        return job.within(left)

    def cut(self, jobs: Sequence[Job]) -> list[Job]:
        """Jobs in shards that fit into memory and end about together, the longest first."""
        costs = [self._trainer.operations(job) for job in jobs]
        even = sum(costs) / (PIECES * self.concurrency) if self.concurrency > 1 else np.inf
        limit = min(even, self.max_operations)
        pieces = []
        for job, cost in zip(jobs, costs, strict=True):
            trials = len(job.shard)
            fair: float = trials
            if cost and limit < np.inf:
                fair = -(-limit * trials // (cost * GRAIN)) * GRAIN
            fitting = self._trainer.max_trials(job.shard.group, self.memory)
            size = int(max(1, min(trials, fair, fitting)))
            for start in range(0, trials, size):
                shard = job.shard.part(slice(start, start + size))
                pieces.append((cost * len(shard) / trials, job._replace(shard=shard)))
        return [job for _, job in sorted(pieces, key=lambda piece: -piece[0])]


class ThreadWorkers(Workers):
    """Threads of this process: small shards, side by side, keep all cores busy too.

    Parameters
    ----------
    trainer, interrupted, left : as for :class:`Workers`
    memory : bytes that all networks in training may take
    watch : given a job and its Progress, by the threads
    """

    def __init__(
        self,
        trainer: Trainer,
        interrupted: Sequence,
        memory: int,
        watch: Callable[[Job, Progress], None],
        left: Callable[[], float] = endless,
    ) -> None:
        super().__init__(trainer, interrupted, left)
        self.concurrency = dispatch.concurrent_fits(trainer.device)
        self.memory = memory // self.concurrency
        self._watch = watch
        self._pool = ThreadPoolExecutor(self.concurrency)
        self._ended: SimpleQueue[tuple[Job, Any]] = SimpleQueue()
        self._begun, self._unfinished = 0, 0

    def prepare(self, shards: Sequence[Shard]) -> None:
        """Compile what some shards need."""
        for shard in shards:
            if self._interrupted:
                return
            self._trainer.compile(shard)

    def submit(self, jobs: Sequence[Job]) -> None:
        self._unfinished += len(jobs)
        threads = max(1, self.concurrency // max(1, self._unfinished))
        for job in jobs:
            future = self._pool.submit(self._train, job, threads)
            future.add_done_callback(partial(self._end, job))

    def next(self) -> tuple[Job, Outcome | None]:
        job, future = self._ended.get()
        self._unfinished -= 1
        try:
            return job, future.result()
        except CancelledError:
            return job, None

    def close(self) -> None:
        """Wait for what is under way, and begin no other job."""
        self._pool.shutdown(cancel_futures=True)

    def _end(self, job: Job, future: Any) -> None:
        self._ended.put((job, future))

    def _train(self, job: Job, threads: int) -> Outcome:
        is_first = not self._begun  # which always has something to show
        begun = self._within_time(job, is_first)
        if begun is None or (self._interrupted and not is_first):
            raise CancelledError
        self._begun += 1
        with dispatch.thread_limit(threads):
            return self._trainer.advance(begun, partial(self._watch, job))
