"""Where a sweep's shards are trained: by the workers of a Dask cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from queue import Empty
from typing import Any

from .cluster import (
    DISCONNECTED,
    UNLIMITED,
    as_worker,
    check_workers,
    distributed,  # or what to install
    everywhere,
    submit,
    versions,
)
from .shards import Job, Outcome, Shard
from .trainer import Trainer
from .workers import Workers

SHARD_SECONDS = 4.0  # that a shard should take: less is overhead, more is lost with its worker
PAUSE_SECONDS = 30.0  # after which a shard comes back, and goes on, maybe on another worker
LOOK_SECONDS = 0.1  # between looks at whether Ctrl-C was pressed

logger = logging.getLogger("bpfast")


class DaskWorkers(Workers):
    """Workers of a Dask cluster: each of their threads trains a shard.

    Dask moves the data, keeps all workers busy, moves what waits for a slow one, and begins anew
    what was lost with a worker.

    Parameters
    ----------
    trainer, interrupted : as for :class:`Workers`
    client : distributed.Client
    memory : bytes that networks in training may take in each worker, by default half of its limit

    Raises
    ------
    TypeError, ValueError
        No client that waits for its answers; a worker has another version of bpfast.
    ConnectionError
        The scheduler is gone, or the client was closed.
    """

    def __init__(
        self, trainer: Trainer, interrupted: Sequence, client: Any, memory: int | None
    ) -> None:
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise TypeError(f"client must be a distributed.Client, not asynchronous, got {client}")
        super().__init__(trainer, interrupted)
        self._client = client
        self._worker_memory = UNLIMITED if memory is None else memory
        self._waiting: set[distributed.Future] = set()
        self._has_result = False
        self._operations, self._seconds = 0.0, 0.0
        self._look()
        check_workers(client)
        self._remote_trainer = everywhere(client, replace(trainer, compiled=set()))

    def prepare(self, shards: Sequence[Shard]) -> None:
        """See which workers are there; they compile, or load, what they need themselves.

        Raises
        ------
        ConnectionError
            The scheduler is gone.
        """
        self._look()

    def submit(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            paced = job._replace(seconds=min(job.seconds, PAUSE_SECONDS))
            future = submit(self._client, train_shard, self._remote_trainer, paced, versions())
            self._waiting.add(future)
            future.add_done_callback(partial(self._end, job))

    def next(self) -> tuple[Job, Outcome | None]:
        """Wait for a job to end; its outcome is None if Ctrl-C came first.

        Raises
        ------
        RuntimeError
            A shard's workers died, one after the other.
        ConnectionError
            The scheduler is gone.
        """
        job, future = self._next()
        self._waiting.discard(future)
        try:
            outcome, seconds = future.result()
        except distributed.KilledWorker as error:
            raise RuntimeError(
                f"{_describe(job.shard)} took {error.allowed_failures + 1} workers with them, the "
                f"last one {error.last_worker.address}: see its log; memory is the usual reason, "
                "and memory= makes shards smaller. What came back before is kept"
            ) from error
        except (CancelledError, *DISCONNECTED) as error:
            if self._interrupted and self._client.status == "running":
                return job, None
            raise _gone() from error
        self._has_result = True
        self._operations += self._trainer.operations(job._replace(until=outcome.shard.epoch))
        self._seconds += seconds
        if self._seconds:
            self.max_operations = SHARD_SECONDS * self._operations / self._seconds
        return job, outcome

    def close(self) -> None:
        """Begin no other job, and let the workers forget."""
        if self._client.status == "running":
            self._client.cancel([*self._waiting])
        self._waiting.clear()
        self._remote_trainer.release()

    def _look(self) -> None:
        """See how many threads workers have, and the least memory of one."""
        try:
            while not (workers := self._known_workers()):
                logger.warning("no Dask worker has joined yet: waiting for one")
                self._client.wait_for_workers(1)
        except (OSError, *DISCONNECTED) as error:
            raise _gone() from error
        self.concurrency = sum(worker["nthreads"] for worker in workers)
        self.memory = min(
            min(self._worker_memory, (worker["memory_limit"] or UNLIMITED) // 2)
            // worker["nthreads"]
            for worker in workers
        )

    def _known_workers(self) -> list[dict[str, Any]]:
        """Ask the scheduler itself.

        ``Client.scheduler_info`` hands on what a timer of the client's may have overwritten since,
        without any workers.
        """
        if (scheduler := self._client.scheduler) is None:
            raise ConnectionError("the client was closed")
        identity = self._client.sync(scheduler.identity, n_workers=-1)
        return [*identity["workers"].values()]

    def _next(self) -> tuple[Job, distributed.Future]:
        while True:
            if self._interrupted and self._has_result:  # so there is something to show
                self._cancel()
            try:
                return self._ended.get(timeout=LOOK_SECONDS)
            except Empty:
                continue

    def _cancel(self) -> None:
        """Begin no other job; of those that have ended, the outcome is still there."""
        pending = [future for future in self._waiting if not future.done()]
        if pending:
            self._client.cancel(pending)


def train_shard(trainer: Trainer, job: Job, expected: Mapping[str, str]) -> tuple[Outcome, float]:
    """What a worker does with a shard; the seconds that it took are without compiling."""
    with as_worker(expected):
        trainer.compile(job.shard)
        begin = time.perf_counter()
        outcome = trainer.advance(job)
    return outcome, time.perf_counter() - begin


def _gone() -> ConnectionError:
    return ConnectionError(
        "Dask's scheduler is gone, or cancelled the sweep: what came back before is kept; with a "
        "run folder, resume it on another cluster"
    )


def _describe(shard: Shard) -> str:
    numbers = shard.numbers
    return f"networks {min(numbers)} to {max(numbers)} ({len(numbers)} of {shard.group})"
