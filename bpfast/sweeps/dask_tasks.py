"""Calls of functions by the workers of a Dask cluster, given back in the order in which they end.

Dask moves the data, keeps all workers busy, moves what waits for a slow one, and begins anew what
was lost with a worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from .cluster import (
    DISCONNECTED,
    UNLIMITED,
    check_workers,
    distributed,  # or what to install
    everywhere,
    submit,
)

LOOK_SECONDS = 0.1  # between looks at whether Ctrl-C was pressed

logger = logging.getLogger("bpfast")
Task = TypeVar("Task")


class DaskTasks(Generic[Task]):
    """What a cluster is given to do, and what came of it.

    Parameters
    ----------
    client : distributed.Client
    interrupted : what is not empty any more after Ctrl-C
    describe : what a task is, in words, for an error
    memory : bytes that a task may take in each worker, by default half of its limit

    Attributes
    ----------
    concurrency : threads of all workers, each of which does a task at a time
    memory : bytes that a task may take, in the worker that has the least

    Raises
    ------
    TypeError, ValueError
        No client that waits for its answers; a worker has another version of bpfast.
    ConnectionError
        The scheduler is gone, or the client was closed.
    """

    def __init__(
        self,
        client: Any,
        interrupted: Sequence,
        describe: Callable[[Task], str],
        memory: int | None,
    ) -> None:
        if not isinstance(client, distributed.Client) or client.asynchronous:
            raise TypeError(f"client must be a distributed.Client, not asynchronous, got {client}")
        self._client, self._interrupted, self._describe = client, interrupted, describe
        self._worker_memory = UNLIMITED if memory is None else memory
        self._ended: SimpleQueue[tuple[Task, distributed.Future]] = SimpleQueue()
        self._waiting: set[distributed.Future] = set()
        self._everywhere: list[distributed.Future] = []
        self._has_result = False
        self.look()
        check_workers(client)

    def everywhere(self, value: Any) -> distributed.Future:
        """A value that each worker has, as an argument of calls, until :meth:`close`."""
        future = everywhere(self._client, value)
        self._everywhere.append(future)
        return future

    def submit(self, task: Task, function: Callable, *arguments: Any) -> None:
        """Have a worker call a function."""
        future = submit(self._client, function, *arguments)
        self._waiting.add(future)
        future.add_done_callback(partial(self._end, task))

    def next(self) -> tuple[Task, Any]:
        """Wait for a task to end; what its function returned is None if Ctrl-C came first.

        Raises
        ------
        RuntimeError
            A task's workers died, one after the other.
        ConnectionError
            The scheduler is gone.
        """
        task, future = self._next()
        self._waiting.discard(future)
        try:
            result = future.result()
        except distributed.KilledWorker as error:
            raise RuntimeError(
                f"{self._describe(task)} took {error.allowed_failures + 1} workers with them, the "
                f"last one {error.last_worker.address}: see its log; memory is the usual reason, "
                "and memory= makes shards smaller. What came back before is kept"
            ) from error
        except (CancelledError, *DISCONNECTED) as error:
            if self._interrupted and self._client.status == "running":
                return task, None
            raise _gone() from error
        self._has_result = True
        return task, result

    def close(self) -> None:
        """Begin no other task, and let the workers forget."""
        if self._client.status == "running":
            self._client.cancel([*self._waiting])
        self._waiting.clear()
        for future in self._everywhere:
            future.release()

    def look(self) -> None:
        """See how many threads workers have, and the least memory of one.

        Raises
        ------
        ConnectionError
            The scheduler is gone.
        """
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

    def _end(self, task: Task, future: distributed.Future) -> None:
        self._ended.put((task, future))

    def _next(self) -> tuple[Task, distributed.Future]:
        while True:
            if self._interrupted and self._has_result:  # so there is something to show
                self._cancel()
            try:
                return self._ended.get(timeout=LOOK_SECONDS)
            except Empty:
                continue

    def _cancel(self) -> None:
        """Begin no other task; of those that have ended, the outcome is still there."""
        pending = [future for future in self._waiting if not future.done()]
        if pending:
            self._client.cancel(pending)


def _gone() -> ConnectionError:
    return ConnectionError(
        "Dask's scheduler is gone, or cancelled the sweep: what came back before is kept; with a "
        "run folder, resume it on another cluster"
    )
