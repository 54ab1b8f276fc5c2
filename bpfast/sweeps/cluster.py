"""Where a sweep's shards are trained: by the workers of a Dask cluster.

Dask moves the data, keeps all workers busy, moves what waits for a slow one, and begins anew what
was lost with a worker. What it is told is in this file alone.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numba
import numpy as np

from ..checks import check_int
from ..errors import missing_extra
from ..training import dispatch
from ..version import __version__
from .trials import Kind, Outcome, Trainer, Trials
from .workers import Job

try:
    import dask
    import distributed
    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError
except ImportError:
    raise missing_extra("dask[distributed]", "distributed") from None

SHARD_SECONDS = 4.0  # that a shard should take: less is overhead, more is lost with its worker
PAUSE_SECONDS = 30.0  # after which it comes back as far as it is, and goes on, maybe elsewhere
LOOK_SECONDS = 0.1  # between looks at whether Ctrl-C was pressed
UNLIMITED = 1 << 62  # bytes

logger = logging.getLogger("bpfast")


class Cluster:
    """Trains shards on a Dask cluster, each by one thread of a worker.

    Parameters
    ----------
    trainer : Trainer
    client : distributed.Client
    memory : bytes that networks in training may take in each worker, by default half of its limit
    interrupted : what is not empty any more after Ctrl-C

    Attributes
    ----------
    slots : shards that are trained at once
    share : operations that a shard should have at most

    Raises
    ------
    TypeError, ValueError
        No client that waits for its answers; a worker has another version of bpfast.
    """

    def __init__(
        self, trainer: Trainer, client: Any, memory: int | None, interrupted: Sequence
    ) -> None:
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise TypeError(f"client must be a distributed.Client, not asynchronous, got {client}")
        self._trainer, self._client, self._interrupted = trainer, client, interrupted
        self._given = UNLIMITED if memory is None else memory
        self._waiting: set[distributed.Future] = set()
        self._ended: SimpleQueue[tuple[Job, distributed.Future]] = SimpleQueue()
        self._has_result = False
        self._operations, self._seconds = 0.0, 0.0
        self._look()
        check_workers(client)
        self._data = everywhere(client, replace(trainer, compiled=set()))

    @property
    def share(self) -> float:
        """Known once shards have come back."""
        return SHARD_SECONDS * self._operations / self._seconds if self._seconds else np.inf

    def most(self, kind: Kind) -> int:
        """How many trials of a kind a shard may have."""
        return self._trainer.most(kind, self._memory)

    def prepare(self, trials: Sequence[Trials]) -> None:
        """See which workers are there; they compile, or load, what they need themselves.

        Raises
        ------
        ConnectionError
            The scheduler is gone.
        """
        try:
            self._look()
        except (OSError, ClosedClientError) as error:
            raise _gone() from error

    def submit(self, jobs: Sequence[Job]) -> None:
        """Have some shards trained, after those that are waiting."""
        for job in jobs:
            paced = job._replace(seconds=min(job.seconds, PAUSE_SECONDS))
            future = submit(self._client, train_shard, self._data, paced, versions())
            self._waiting.add(future)
            future.add_done_callback(partial(self._end, job))

    def next(self) -> tuple[Job, Outcome | None]:
        """Wait for a shard; its outcome is None if Ctrl-C came first.

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
                f"{_words(job)} took {error.allowed_failures + 1} workers with them, the last one "
                f"{error.last_worker.address}: see its log; memory is the usual reason, and "
                "memory= makes shards smaller. What came back before is kept"
            ) from error
        except (CancelledError, CommClosedError, ClosedClientError) as error:
            if self._interrupted and self._client.status == "running":
                return job, None
            raise _gone() from error
        self._has_result = True
        self._operations += self._trainer.cost(job.shard, outcome.shard.epoch)
        self._seconds += seconds
        return job, outcome

    def close(self) -> None:
        """Begin nothing more, and let the workers forget."""
        if self._client.status == "running":
            self._client.cancel([*self._waiting])
        self._waiting.clear()
        self._data.release()

    def _look(self) -> None:
        """See how many threads workers have, and the least memory of one."""
        if not self._client.nthreads():
            logger.warning("no Dask worker has joined yet: waiting for one")
            self._client.wait_for_workers(1)
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self.slots = sum(worker["nthreads"] for worker in workers)
        self._memory = min(
            min(self._given, (worker["memory_limit"] or UNLIMITED) // 2) // worker["nthreads"]
            for worker in workers
        )

    def _end(self, job: Job, future: distributed.Future) -> None:
        self._ended.put((job, future))

    def _next(self) -> tuple[Job, distributed.Future]:
        while True:
            try:
                return self._ended.get(timeout=LOOK_SECONDS)
            except Empty:
                if self._interrupted and self._has_result:  # so there is something to show
                    self._client.cancel([*self._waiting])


@contextmanager
def connect(address: str) -> Iterator[distributed.Client]:
    """A client of a cluster.

    Parameters
    ----------
    address : of a scheduler, such as "tcp://node:8786"; the path of its scheduler file; or
        "local:4" for a new cluster of 4 processes that share out the cores of this machine

    Raises
    ------
    ConnectionError
        No scheduler answers.
    """
    with ExitStack() as stack:
        if found := re.fullmatch(r"local:(\d+)", address):
            processes = check_int("the processes of --dask", int(found[1]), 1)
            threads = max(1, dispatch.concurrent_fits("cpu") // processes)
            local = distributed.LocalCluster(
                n_workers=processes,
                threads_per_worker=threads,
                dashboard_address=":0",
                silence_logs="ERROR",
            )
            yield stack.enter_context(distributed.Client(stack.enter_context(local)))
            return
        given = "scheduler_file" if Path(address).is_file() else "address"
        try:
            client = distributed.Client(**{given: address})
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"no Dask scheduler answers at {address}: {error}; give its address, such as "
                "tcp://node:8786, its scheduler file, or local:4 for a new cluster here"
            ) from None
        yield stack.enter_context(client)


def check_workers(client: distributed.Client) -> None:
    """Raise ``ValueError`` if a worker is not like this process."""
    for worker, found in client.run(versions, on_error="return").items():
        _check_versions(versions(), found, worker)


def submit(client: distributed.Client, function: Any, *arguments: Any) -> distributed.Future:
    """Have a worker call a function."""
    # Dask warns of large arguments, which should be data; but these are sent once.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": UNLIMITED}):
        return client.submit(function, *arguments, pure=False)


def everywhere(client: distributed.Client, value: Any) -> distributed.Future:
    """A value that each worker has.

    It is a task's result, not scattered data: Dask has it again when all workers that had it died.
    """
    future = submit(client, _itself, value)
    client.replicate([future])
    return future


def _itself(value: Any) -> Any:
    return value


@contextmanager
def as_worker(expected: Mapping[str, str]) -> Iterator[None]:
    """What a task does around its work: look at the version, keep to the worker's threads.

    Each thread of a worker has a core, or its part of what NUMBA_NUM_THREADS allows.
    """
    worker = distributed.get_worker()
    _check_versions(expected, versions(), worker.address)
    threads = worker.state.nthreads
    with dispatch.thread_limit(
        max(1, int(os.environ.get("NUMBA_NUM_THREADS", threads)) // threads)
    ):
        yield


def train_shard(trainer: Trainer, job: Job, expected: Mapping[str, str]) -> tuple[Outcome, float]:
    """What a worker does with a shard; the seconds that it took are without compiling."""
    with as_worker(expected):
        trainer.compile(job.shard.trials)
        begin = time.perf_counter()
        outcome = trainer.advance(*job)
    return outcome, time.perf_counter() - begin


def versions() -> dict[str, str]:
    """What must be the same on all workers for the same bits."""
    minor = {
        "numpy": np.__version__,
        "numba": numba.__version__,
        "Python": platform.python_version(),
    }
    return {"bpfast": __version__, "kernels": dispatch.kernels_hash()} | {
        name: ".".join(version.split(".")[:2]) for name, version in minor.items()
    }


def _check_versions(
    expected: Mapping[str, str], found: Mapping[str, str] | BaseException, worker: str
) -> None:
    if isinstance(found, BaseException):
        raise ValueError(f"worker {worker} cannot use bpfast: {found!r}; install it there too")
    other = [name for name in expected if found.get(name) != expected[name]]
    if other:
        theirs, ours = (", ".join(f"{n} {of.get(n)}" for n in other) for of in (found, expected))
        raise ValueError(
            f"worker {worker} has {theirs}, the sweep has {ours}: install the same everywhere"
        )


def _gone() -> ConnectionError:
    return ConnectionError(
        "Dask's scheduler is gone, or cancelled the sweep: what came back before is kept; with a "
        "run folder, resume it on another cluster"
    )


def _words(job: Job) -> str:
    numbers = job.shard.trials.numbers
    return f"networks {min(numbers)} to {max(numbers)} ({len(numbers)} of {job.shard.trials.kind})"
