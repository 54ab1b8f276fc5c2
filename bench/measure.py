"""How runs are timed and checked: in turn, each from the initial weights, against each other."""

from __future__ import annotations

import datetime
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..training.dispatch import choose
from .workloads import Job, Workload

RUNS = 3  # one after another in each turn: the first finds caches full of another's data
PAUSE = 0.3  # seconds: threads of one library still spin for a while when another one starts
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
    kernel : bpfast's choice for it
    from_host : where ``train`` finds everything on a GPU: the same from arrays on the host, and
        weights brought back there, too
    """

    train: Callable[[], np.ndarray]
    reset: Callable[[], None] = lambda: None
    kernel: str = ""
    from_host: Callable[[], np.ndarray] | None = None


@dataclass(frozen=True)
class Runner:
    """One way to train a workload.

    Attributes
    ----------
    name, mode : who, and how
    build : makes a workload ready; raises UnavailableError
    adapt : the part of a job that this one is timed on
    """

    name: str
    mode: str
    build: Callable[[Workload], Run]
    adapt: Callable[[Job], Job] = lambda job: job

    def __str__(self) -> str:
        return f"{self.name}, {self.mode}"

    def prepare(self, job: Job) -> Run:
        """Make all parts of a job ready, to be trained one after another.

        Raises
        ------
        UnavailableError
            This cannot run here.
        """
        runs = [self.build(workload) for workload in job.workloads]

        def reset() -> None:
            for run in runs:
                run.reset()

        kernels = dict.fromkeys(run.kernel for run in runs)
        return Run(
            lambda: np.concatenate([run.train() for run in runs]), reset, " and ".join(kernels)
        )


def bpfast(device: str) -> Runner:
    """Whole calls of bpfast's ``fit`` on a device, from arrays on the host and back to them."""

    def build(workload: Workload) -> Run:
        X, y = workload.data()
        population = workload.population()
        initial = population.parameters.copy()

        def reset() -> None:
            population.parameters[:] = initial

        def train() -> np.ndarray:
            losses = workload.fit(population, X, y, device).loss[:, -1]
            _ = population.parameters  # which brings them to the host
            return losses

        plan = choose(workload.mlp, workload.networks, workload.batch_size, device)
        return Run(train, reset, plan.strategy)

    return Runner("bpfast", device, build)


@dataclass
class Timed:
    """A runner on a job: its times, and how far its losses are from bpfast's."""

    runner: Runner
    job: Job
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
            "runner": self.runner.name,
            "mode": self.runner.mode,
            "kernel": self.run.kernel,
            "networks": self.job.networks,
            "seconds": self.seconds[1:],
            "median_seconds": statistics.median(self.seconds[1:]),
            "sample_updates_per_second": rate,
            "gflops": rate * self.job.flops / 1e9,
            "bpfast_ratio": bpfast / rate,
            "loss_difference": max(self.differences),
        }

    def rate(self) -> float:
        """Sample-updates a second, by the median; the first time, which compiles, is left out."""
        return self.job.sample_updates / statistics.median(self.seconds[1:])


def measure(
    job: Job, runners: Iterable[Runner], turns: int, say: Callable[[str], None] = lambda words: None
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Time runners in turn; ratios and losses are held against the first.

    Parameters
    ----------
    job : what to train
    runners : bpfast's first
    turns : more of them, less noise
    say : is told what is being done

    Returns
    -------
    results : of each runner that can run here
    skipped : the others, and why
    """
    timed: list[Timed] = []
    skipped = {}
    first, *_ = runners = tuple(runners)
    for runner in runners:
        say(f"{job.name}: {runner}: first training")
        try:
            timed.append(_prepare(runner, first, job))
        except UnavailableError as error:
            skipped[str(runner)] = str(error)
    for turn in range(turns):
        say(f"{job.name}: turn {turn + 1} of {turns}")
        for one in timed:
            one.turn()
    return [one.result(timed[0].rate()) for one in timed], skipped


def _prepare(runner: Runner, first: Runner, job: Job) -> Timed:
    """Make ready, and train once, which compiles."""
    part = runner.adapt(job)
    timed = Timed(runner, part, runner.prepare(part), first.prepare(part).train())
    timed.time()
    return timed


def agrees(result: dict[str, Any]) -> bool:
    """Whether a result's losses are bpfast's."""
    return result["loss_difference"] <= TOLERANCE


def fastest(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each runner, the result of its fastest mode; bpfast's first."""
    best: dict[str, dict[str, Any]] = {}
    for result in results:
        other = best.setdefault(result["runner"], result)
        if result["sample_updates_per_second"] > other["sample_updates_per_second"]:
            best[result["runner"]] = result
    return list(best.values())


def difference(losses: np.ndarray, expected: np.ndarray) -> float:
    """The largest relative difference; losses far below the mean count as a thousandth of it."""
    least = 1e-3 * np.abs(expected).mean()
    relative = np.abs(losses - expected) / np.maximum(np.abs(expected), least)
    most = sys.float_info.max  # JSON has no infinity
    return float(np.nan_to_num(relative, nan=most, posinf=most).max())


def now() -> str:
    """The date and time, for a report."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
