"""Dask clusters for tests, and what their workers do there; workers import it from here."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, LocalCluster, WorkerPlugin, get_worker

import bpfast
from bpfast.sweeps import cluster
from bpfast.sweeps.trainer import Trainer
from bpfast.training import dispatch


@contextmanager
def local_cluster(workers=2, threads=1, **config):
    """A client of a cluster of processes, and the cluster."""
    with (
        dask.config.set({f"distributed.{name}": value for name, value in config.items()}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=True,
            dashboard_address=":0",
            silence_logs="CRITICAL",  # kills are meant
        ) as started,
        Client(started) as client,
    ):
        yield client, started


class Watched(WorkerPlugin):
    """Each shard leaves a line with its worker's process, its trainer and its trials.

    Parameters
    ----------
    log : a file
    slow : seconds that the worker of that name waits before each shard
    lines : of other workers that it waits for before each shard, for a minute at most
    name : the worker that is slow, or has another version; None for all
    kill : whether the first shard, or every shard, kills its worker
    version : of bpfast, on that worker
    """

    def __init__(self, log, slow=0.0, lines=0, name=None, kill="", version=None):
        self.log, self.slow, self.lines, self.named = Path(log), slow, lines, name
        self.kill, self.version = kill, version

    def setup(self, worker):
        self.chosen = self.named is None or worker.name == self.named
        if self.chosen and self.version:
            cluster.__version__ = self.version
        self.advance = Trainer.advance
        Trainer.advance = lambda trainer, job: self._advance(trainer, job)

    def teardown(self, worker):
        Trainer.advance, cluster.__version__ = self.advance, bpfast.__version__

    def _advance(self, trainer, job):
        numbers = ",".join(map(str, job.shard.numbers))
        with self.log.open("a") as file:
            file.write(f"{get_worker().name} {os.getpid()} {id(trainer)} {numbers}\n")
        if self.chosen and self.kill:
            self._die()
        if self.chosen:
            time.sleep(self.slow)
            self._wait()
        return self.advance(trainer, job)

    def _wait(self):
        """For others to have begun some shards."""
        own, until = f"{get_worker().name} ", time.monotonic() + 60.0
        while time.monotonic() < until:
            lines = self.log.read_text().splitlines()
            if sum(not line.startswith(own) for line in lines) >= self.lines:
                return
            time.sleep(0.02)

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


def wait_for(value, event):
    """A value, once an event of Dask's has happened."""
    event.wait(timeout=30)
    return value
