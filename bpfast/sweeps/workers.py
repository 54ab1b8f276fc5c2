"""Where a sweep's shards are trained: in threads of this process, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np

from ..training import dispatch
from ..training.progress import Progress
from .trials import Kind, Outcome, Shard, Trainer, Trials

PIECES = 4  # parts of all work for each that is trained at once: they end about together
GRAIN = 16  # networks that a kernel trains beside each other


class Job(NamedTuple):
    """A shard, how far it is to be trained, and for how many seconds before it pauses."""

    shard: Shard
    until: int
    seconds: float


class Threads:
    """Trains shards side by side: small ones keep all cores busy too.

    Parameters
    ----------
    trainer : Trainer
    memory : bytes that networks in training may take
    interrupted : what is not empty any more after Ctrl-C
    watch : given a job and its Progress, by the threads

    Attributes
    ----------
    slots : shards that are trained at once
    share : operations that a shard should have at most: any number
    """

    share = np.inf

    def __init__(
        self,
        trainer: Trainer,
        memory: int,
        interrupted: Sequence,
        watch: Callable[[Job, Progress], None],
    ) -> None:
        self.slots = dispatch.concurrent_fits(trainer.device)
        self._trainer, self._watch, self._interrupted = trainer, watch, interrupted
        self._memory = memory // self.slots
        self._pool = ThreadPoolExecutor(self.slots)
        self._ended: SimpleQueue[tuple[Job, Future]] = SimpleQueue()
        self._begun, self._left = 0, 0

    def most(self, kind: Kind) -> int:
        """How many trials of a kind a shard may have."""
        return self._trainer.most(kind, self._memory)

    def prepare(self, trials: Sequence[Trials]) -> None:
        """Compile what some trials need."""
        for together in trials:
            if self._interrupted:
                return
            self._trainer.compile(together)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Have some shards trained, after those that are waiting."""
        self._left += len(jobs)
        threads = max(1, self.slots // max(1, self._left))
        for job in jobs:
            future = self._pool.submit(self._train, job, threads)
            future.add_done_callback(partial(self._end, job))

    def next(self) -> tuple[Job, Outcome | None]:
        """Wait for a shard; its outcome is None if it was not begun before Ctrl-C."""
        job, future = self._ended.get()
        self._left -= 1
        try:
            return job, future.result()
        except CancelledError:
            return job, None

    def close(self) -> None:
        """Wait for what is under way, and begin no other."""
        self._pool.shutdown(cancel_futures=True)

    def _end(self, job: Job, future: Future) -> None:
        self._ended.put((job, future))

    def _train(self, job: Job, threads: int) -> Outcome:
        if self._interrupted and self._begun:  # the first one always has something to show
            raise CancelledError
        self._begun += 1
        with dispatch.thread_limit(threads):
            return self._trainer.advance(*job, partial(self._watch, job))
