"""A runner on a workload, in a process of its own: ``... .train WORKLOAD RUNNER [--wait]``.

It is timed from arrays on the host and back there, and where everything is resident: on its device
already, until the losses are on the host. With ``--wait`` it trains once, which compiles, and waits
for its turn to be timed. ``RUNNER`` "expected" tells the losses that the reference reaches on some
of the networks.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any
from unittest.mock import patch

import numba
import numpy as np

from ...kernels import reference
from ...kernels.cuda import device
from ..measure import Run, Runner, UnavailableError
from ..peers import GPU_PEERS
from ..workloads import Workload
from .stand_ins import PEERS
from .tell import check_all, missing, need_a_gpu, tell, wait_for_turn
from .workloads import BY_NAME

RUNS = 7
MOST_SECONDS = 1.5  # for the runs of a way after the first, of which there is one at least
SOME = 3  # networks whose losses are compared


class _Bpfast:
    """bpfast on a device; what a run begins with is made anew before it."""

    def __init__(self, workload: Workload, where: str) -> None:
        self.workload, self.where = workload, where
        self.samples, self.initial = workload.data(), workload.population()
        samples = self.samples
        if where == "cuda" and not device.simulated():  # where users' arrays are NumPy's alone
            samples = tuple(map(device.to_device, samples))
        self.resident = (self.initial[:].to(where), *samples)
        self._begin()

    def _begin(self) -> None:
        population, X, y = self.resident
        self.population = self.initial[:]
        self.training = self.workload.training(population[:], X, y, self.where)

    def reset(self) -> None:
        self.training.close()
        self._begin()
        self.training.advance(0)  # now everything is on the device
        if self.where == "cuda":
            device.synchronize()

    def from_host(self) -> np.ndarray:
        losses = self.workload.fit(self.population, *self.samples, self.where).loss[:, -1]
        _ = self.population.parameters  # which brings them to the host
        return losses

    def train(self) -> np.ndarray:
        self.training.advance()
        return self.training.history().loss[:, -1]


def _bpfast(workload: Workload, where: str) -> Run:
    ours = _Bpfast(workload, where)
    return Run(ours.train, ours.reset, ours.training.plan.strategy, ours.from_host)


RUNNERS = {
    str(runner): runner
    for runner in (
        *(Runner("bpfast", where, partial(_bpfast, where=where)) for where in ("cuda", "cpu")),
        *GPU_PEERS,
        *PEERS,
    )
}


def some(workload: Workload) -> list[int]:
    """Networks whose losses are compared: the first, the last, and one between them."""
    return sorted({0, workload.networks // 2, workload.networks - 1})


def expected(workload: Workload) -> list[float]:
    """What the reference makes of some networks, its activations and losses compiled.

    They are the same functions, in float64. Python would take minutes to call them for millions of
    numbers one by one.
    """
    chosen = some(workload)
    population = workload.population()[chosen]
    with patch.object(reference, "apply", _apply):
        history = workload.fit(population, *workload.data(), "reference", chosen)
    return history.loss[:, -1].tolist()


def _apply(function: Callable, *arrays: Any) -> np.ndarray:
    numbers = (np.asarray(array, np.float64) for array in arrays)
    return np.asarray(_compiled(function)(*numbers), np.float64)


_compiled = cache(numba.vectorize)


def timed(run: Run, work: Callable[[], np.ndarray], most: float) -> tuple[list[float], np.ndarray]:
    """Seconds of some runs after a first one, which compiles, and the losses of the last."""
    seconds: list[float] = []
    while len(seconds) < 2 or (len(seconds) < RUNS and sum(seconds[1:]) < most):
        run.reset()
        start = time.perf_counter()
        losses = work()
        seconds.append(time.perf_counter() - start)
    return seconds, losses


def measure(workload: Workload, run: Run) -> None:
    """Time both ways, and tell of each as soon as it is known."""

    def time_way(work: Callable[[], np.ndarray]) -> dict[str, Any]:
        (first, *seconds), losses = timed(run, work, 0.0 if device.simulated() else MOST_SECONDS)
        return {"first": first, "seconds": seconds, "losses": losses[some(workload)].tolist()}

    check_all({way: partial(time_way, work) for way, work in _ways(run).items()})


def _ways(run: Run) -> dict[str, Callable[[], np.ndarray]]:
    return {"resident": run.train, "from host": run.from_host or run.train}


def prepare(workload: Workload, runner: str, run: Run) -> None:
    """Train once each way, which compiles; on the CPU, that others compile on, for an epoch."""
    if runner == "bpfast, cpu":
        run = RUNNERS[runner].build(replace(workload, epochs=1))
    for work in _ways(run).values():
        run.reset()
        work()


def main() -> None:
    """Do what the command line says."""
    name, runner, *flags = sys.argv[1:]
    workload = BY_NAME[name]
    if runner == "expected":
        tell(losses=expected(workload))
        return
    if runner == "bpfast, cuda":
        need_a_gpu()
    try:
        run = RUNNERS[runner].build(workload)
    except UnavailableError as error:
        missing(error)
    tell(kernel=run.kernel)
    if "--wait" in flags:
        prepare(workload, runner, run)
        wait_for_turn()
    measure(workload, run)
    if runner == "bpfast, cuda" and run.kernel != workload.strategy:
        sys.exit(f"it ran as {run.kernel}, where {workload.strategy} was expected")


if __name__ == "__main__":
    main()
