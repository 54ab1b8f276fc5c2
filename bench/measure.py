"""How runs are timed and checked: in turn, each from the initial weights, against each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .workloads import Workload

RUNS = 3  # one after another in each turn: the first finds caches full of another's data
PAUSE = 0.05  # seconds: threads of one library still spin for a while when another one starts
# Relative; rounding in float32 grows over the steps, another formula is off by far more.
TOLERANCE = 1e-2


class UnavailableError(Exception):
    """A runner cannot run here: why."""


@dataclass(frozen=True)
class Run:
    """A training that is ready to be timed.

    Attributes
    ----------
    train : one whole training from Python; returns the last epoch's loss of each network, (n,)
    reset : back to the initial weights, which is not timed
    """

    train: Callable[[], np.ndarray]
    reset: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Runner:
    """One way to train a workload.

    Attributes
    ----------
    name, mode : who, and how
    build : makes a workload ready; raises UnavailableError
    adapt : the part of a workload that this one is timed on
    """

    name: str
    mode: str
    build: Callable[[Workload], Run]
    adapt: Callable[[Workload], Workload] = lambda workload: workload


def bpfast_run(workload: Workload) -> Run:
    """Training by bpfast, whole calls of ``fit``."""
    X, y = workload.data()
    population = workload.population()
    initial = population.parameters.copy()

    def reset() -> None:
        population.parameters[:] = initial

    return Run(lambda: workload.fit(population, X, y).loss[:, -1], reset)


@dataclass
class Timed:
    """A runner on a workload: its times, and how far its losses are from bpfast's."""

    runner: Runner
    workload: Workload
    run: Run
    expected: np.ndarray
    seconds: list[float] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)

    def turn(self) -> None:
        """Train some times."""
        time.sleep(PAUSE)
        for _ in range(RUNS):
            self.time()

    def time(self) -> None:
        """Train once."""
        self.run.reset()
        start = time.perf_counter()
        losses = self.run.train()
        self.seconds.append(time.perf_counter() - start)
        self.differences.append(difference(losses, self.expected))

    def result(self, bpfast: float) -> dict[str, Any]:
        """What is kept of it, beside bpfast's rate."""
        rate = self.rate()
        return {
            "workload": self.workload.name,
            "description": str(self.workload),
            "runner": self.runner.name,
            "mode": self.runner.mode,
            "networks": self.workload.networks,
            "first_seconds": self.seconds[0],
            "seconds": self.seconds[1:],
            "sample_updates_per_second": rate,
            "gflops": rate * self.workload.flops / 1e9,
            "bpfast_ratio": bpfast / rate,
            "loss_difference": max(self.differences),
        }

    def rate(self) -> float:
        """Sample-updates a second, by the median; the first time, which compiles, is left out."""
        return self.workload.sample_updates / statistics.median(self.seconds[1:])


def measure(
    workload: Workload, peers: tuple[Runner, ...], turns: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Time bpfast and the peers in turn.

    Returns
    -------
    results : of each runner, bpfast's first
    skipped : peers that cannot run, and why
    """
    timed, skipped = [], {}
    for runner in (Runner("bpfast", workload.strategy, bpfast_run), *peers):
        try:
            timed.append(_prepare(runner, workload))
        except UnavailableError as error:
            skipped[f"{runner.name}, {runner.mode}"] = str(error)
    for _ in range(turns):
        for one in timed:
            one.turn()
    return [one.result(timed[0].rate()) for one in timed], skipped


def _prepare(runner: Runner, workload: Workload) -> Timed:
    """Make ready, and train once, which compiles."""
    part = runner.adapt(workload)
    start = time.perf_counter()
    run = runner.build(part)
    built = time.perf_counter() - start
    timed = Timed(runner, part, run, bpfast_run(part).train())
    timed.time()
    timed.seconds[0] += built
    return timed


def difference(losses: np.ndarray, expected: np.ndarray) -> float:
    """The largest relative difference, where losses far below the mean count as that of 1000th."""
    least = 1e-3 * np.abs(expected).mean()
    return float((np.abs(losses - expected) / np.maximum(np.abs(expected), least)).max())
