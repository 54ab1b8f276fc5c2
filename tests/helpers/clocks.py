"""A clock that training alone moves, by a count of operations: the same on every machine."""

import threading
from contextlib import nullcontext
from dataclasses import replace

from bpfast.sweeps import budget, rounds, sweeping
from bpfast.sweeps.trainer import Trainer


class Machine:
    """Trains so many operations a second, by a clock of its own.

    Attributes
    ----------
    now : seconds
    rate : operations a second
    """

    def __init__(self, rate):
        self.now, self.rate, self._lock = 0.0, rate, threading.Lock()

    def perf_counter(self):
        return self.now

    def advance(self, trainer, job, watch=None, *, really=Trainer.advance):
        """As Trainer.advance, as far as the job's seconds go on this machine."""
        epoch = trainer.operations(job._replace(until=job.shard.epoch + 1))
        fitting = int(job.seconds * self.rate / epoch) if job.is_last else job.until
        until = min(job.until, job.shard.epoch + fitting)
        made = job._replace(until=until, seconds=float("inf"), is_last=False)
        outcome = really(trainer, made, watch)
        seconds = (until - job.shard.epoch) * epoch / self.rate
        is_late = until < job.until
        with self._lock:
            self.now += max(seconds, job.seconds) if is_late else seconds
        return replace(outcome, out_of_time=True) if is_late else outcome


def use(machine, monkeypatch):
    """Have sweeps trained by a machine, and timed by its clock."""
    monkeypatch.setattr(budget, "RATE", machine.rate)
    monkeypatch.setattr(rounds, "time", machine)
    monkeypatch.setattr(sweeping, "perf_counter", machine.perf_counter)
    monkeypatch.setattr(Trainer, "advance", lambda *arguments: machine.advance(*arguments))
    # to compile takes no time here, and what is trained meanwhile does
    monkeypatch.setattr(rounds.Rounds, "_stopped_clock", lambda _: nullcontext())
    return machine
