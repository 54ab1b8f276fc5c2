"""A runner on a workload, in a process of its own: ``... .train WORKLOAD RUNNER [--prepare]``.

It is timed from arrays on the host and back there, and where everything is resident: on its device
already, until the losses are on the host. To prepare trains once, so that compiled code is there.
``RUNNER`` "expected" tells the losses that the reference reaches on some of the networks.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...kernels.cuda import device
from ..measure import Run, Runner, UnavailableError
from ..peers import GPU_PEERS
from ..workloads import Workload
from .stand_ins import PEERS
from .tell import check_all, missing, tell
from .workloads import BY_NAME

RUNS = 7
MOST_SECONDS = 1.5  # for the runs of a way after the first, of which there is one at least
SOME = 3  # networks whose losses are compared


def _bpfast(workload: Workload, where: str) -> Run:
    """bpfast on a device."""
    X, y = samples = workload.data()
    initial = workload.population()
    there, resident = initial, samples
    if where == "cuda":
        there = initial[:].to(where)
        resident = tuple(device.array_module().asarray(array) for array in samples)
    now = _Now(workload.training(there[:], *resident, where))

    def reset() -> None:
        now.training.close()
        now.population = initial[:]
        now.training = workload.training(there[:], *resident, where)
        now.training.advance(0)
        if where == "cuda":
            device.synchronize()

    def from_host() -> np.ndarray:
        losses = workload.fit(now.population, X, y, where).loss[:, -1]
        _ = now.population.parameters  # which brings them to the host
        return losses

    def train() -> np.ndarray:
        now.training.advance()
        return now.training.history().loss[:, -1]

    return Run(train, reset, now.training.plan.strategy, from_host)


class _Now:
    """What the next run of bpfast begins with."""

    def __init__(self, training) -> None:
        self.training = training
        self.population = None


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
    """What the reference makes of some networks."""
    chosen = some(workload)
    population = workload.population()[chosen]
    history = workload.fit(population, *workload.data(), "reference", chosen)
    return history.loss[:, -1].tolist()


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


def prepare(run: Run) -> None:
    """Train once each way."""
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
    if runner == "bpfast, cuda" and (problem := device.problem()):
        missing(problem)
    try:
        run = RUNNERS[runner].build(workload)
    except UnavailableError as error:
        missing(error)
    tell(kernel=run.kernel)
    if "--prepare" in flags:
        prepare(run)
        return
    measure(workload, run)
    if runner == "bpfast, cuda" and run.kernel != workload.strategy:
        sys.exit(f"it ran as {run.kernel}, where {workload.strategy} was expected")


if __name__ == "__main__":
    main()
