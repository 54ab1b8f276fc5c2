"""What tests make workers of a Dask cluster do; workers import it from here."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from distributed import WorkerPlugin, get_worker

import bpfast
from bpfast.sweeps import cluster
from bpfast.sweeps.trials import Trainer
from bpfast.training import dispatch


class Watched(WorkerPlugin):
    """Each shard leaves a line with its worker's process, its trainer and its trials.

    Parameters
    ----------
    log : a file
    slow : seconds that the worker of that name waits before each shard
    name : the worker that is slow, or has another version; None for all
    kill : whether the first shard, or every shard, kills its worker
    version : of bpfast, on that worker
    """

    def __init__(self, log, slow=0.0, name=None, kill="", version=None):
        self.log, self.slow, self.named = Path(log), slow, name
        self.kill, self.version = kill, version

    def setup(self, worker):
        self.chosen = self.named is None or worker.name == self.named
        if self.chosen and self.version:
            cluster.__version__ = self.version
        self.advance = Trainer.advance
        Trainer.advance = lambda trainer, *job: self._advance(trainer, *job)

    def teardown(self, worker):
        Trainer.advance, cluster.__version__ = self.advance, bpfast.__version__

    def _advance(self, trainer, shard, *rest):
        numbers = ",".join(map(str, shard.trials.numbers))
        with self.log.open("a") as file:
            file.write(f"{get_worker().name} {os.getpid()} {id(trainer)} {numbers}\n")
        if self.chosen and self.kill:
            self._die()
        if self.chosen:
            time.sleep(self.slow)
        return self.advance(trainer, shard, *rest)

    def _die(self):
        """By SIGKILL; each worker, or the one that is the first to say so."""
        try:
            self.log.with_suffix(".killed").touch(exist_ok=self.kill == "every")
        except FileExistsError:
            return
        time.sleep(0.1)  # in mid-shard, others have begun
        os.kill(os.getpid(), signal.SIGKILL)


def threads(given):
    """How many threads a kernel would use in a worker in whose environment so many are given."""
    before = os.environ.pop("NUMBA_NUM_THREADS", None)
    try:
        if given:
            os.environ["NUMBA_NUM_THREADS"] = given
        with cluster.as_worker(cluster.versions()):
            return dispatch.concurrent_fits("cpu")
    finally:
        os.environ.pop("NUMBA_NUM_THREADS", None)
        if before is not None:
            os.environ["NUMBA_NUM_THREADS"] = before
