"""Where a sweep's shards are trained: by the workers of a Dask cluster."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .cluster import as_worker, versions
from .dask_tasks import DaskTasks
from .shards import Job, Outcome, Shard
from .trainer import Trainer
from .workers import Workers, endless

SHARD_SECONDS = 4.0  # that a shard should take: less is overhead, more is lost with its worker
PAUSE_SECONDS = 30.0  # after which a shard comes back, and goes on, maybe on another worker


class DaskWorkers(Workers):
    """Workers of a Dask cluster: each of their threads trains a shard.

    Parameters
    ----------
    trainer, interrupted, left : as for :class:`Workers`
    client, memory : as for :class:`DaskTasks`, which raises what this does
    """

    def __init__(
        self,
        trainer: Trainer,
        interrupted: Sequence,
        client: Any,
        memory: int | None,
        left: Callable[[], float] = endless,
    ) -> None:
        super().__init__(trainer, interrupted, left)
        self._tasks = DaskTasks[Job](client, interrupted, _describe, memory)
        self._operations, self._seconds = 0.0, 0.0
        # Clocks of machines differ: where time is short, a job waits here until a thread is free.
        self._is_timed = left() < np.inf
        self._waiting: deque[Job] = deque()
        self._late: deque[Job] = deque()
        self._under_way, self._has_begun = 0, False
        self._remote_trainer = self._tasks.everywhere(replace(trainer, compiled=set()))
        self.concurrency, self.memory = self._tasks.concurrency, self._tasks.memory

    def prepare(self, shards: Sequence[Shard]) -> None:
        """See which workers are there; they compile, or load, what they need themselves."""
        self._tasks.look()
        self.concurrency, self.memory = self._tasks.concurrency, self._tasks.memory

    def submit(self, jobs: Sequence[Job]) -> None:
        self._waiting.extend(jobs)
        self._send()

    def _send(self) -> None:
        """Have jobs trained: all of them, or as many as begin at once."""
        while self._waiting and not (self._is_timed and self._under_way >= self.concurrency):
            job = self._waiting.popleft()
            paced = job._replace(seconds=min(job.seconds, PAUSE_SECONDS))
            begun = self._within_time(paced, is_first=not self._has_begun)
            if begun is None or (self._interrupted and self._has_begun):
                self._late.append(job)
                continue
            self._has_begun = True
            self._under_way += 1
            self._tasks.submit(job, train_shard, self._remote_trainer, begun, versions())

    def next(self) -> tuple[Job, Outcome | None]:
        """Wait for a job to end, as :meth:`DaskTasks.next` does."""
        if self._late:
            return self._late.popleft(), None
        job, result = self._tasks.next()
        self._under_way -= 1
        self._send()
        if result is None:
            return job, None
        outcome, seconds = result
        self._operations += self._trainer.operations(job._replace(until=outcome.shard.epoch))
        self._seconds += seconds
        if self._seconds:
            self.max_operations = SHARD_SECONDS * self._operations / self._seconds
        return job, outcome

    def close(self) -> None:
        """Begin no other job, and let the workers forget."""
        self._tasks.close()


def train_shard(trainer: Trainer, job: Job, expected: Mapping[str, str]) -> tuple[Outcome, float]:
    """What a worker does with a shard; the seconds that it took are without compiling."""
    with as_worker(expected):
        trainer.compile(job.shard)
        begin = time.perf_counter()
        outcome = trainer.advance(job)
    return outcome, time.perf_counter() - begin


def _describe(job: Job) -> str:
    numbers = job.shard.numbers
    return f"networks {min(numbers)} to {max(numbers)} ({len(numbers)} of {job.shard.group})"
