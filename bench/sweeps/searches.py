"""Sweeps that learn, a sweep over a large table, and a cross-validation of tiny networks."""

from __future__ import annotations

import functools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from ...sweeps.progress import SweepProgress
from ...sweeps.result import SweepResult
from ...sweeps.study import Study
from ...sweeps.sweeping import sweep
from ..estimators import digits
from ..options.cases import PLAIN
from .found import Found, seconds_of
from .peers import epoch_seconds, trials_per_second

FEW_TRIALS, MANY_TRIALS = 2000, 20_000
MOST_SECONDS = 180.0  # in which many trials should be through
ROWS, COLUMNS, NETWORKS, TURNS = 1_000_000, 28, 32, 2
SHALLOW = {"learning_rate": "1e-4:1e-1:log", "hidden": "16,32,64", "l2": "1e-6:1e-2:log"}
HIDDEN = 32  # the middle one of these widths
PEERS_TRIALS = 30  # of 2 a second or so
FOLDS, EACH = 5, 4


class Learned(NamedTuple):
    """A sweep by TPE and Hyperband: its trials, its seconds, and its sampler's."""

    trials: int
    seconds: float
    asking: float

    def __str__(self) -> str:
        share = self.asking / self.seconds
        return f"{self.trials:,} in {self.seconds:.1f} s, {share:.0%} of it the sampler's own"


def learning(trials: int = FEW_TRIALS) -> Iterator[Found]:
    """TPE and Hyperband on digits: trials a second."""
    learned = learn(trials)
    rate = learned.trials / learned.seconds
    peer = trials_per_second(*digits(), min(trials, PEERS_TRIALS))
    words = f"{learned}; Optuna with scikit-learn's MLPs {peer:.2f} trials/s"
    yield Found(_name(trials), rate, "trials/s", 150, more_is_better=True, words=words)


def learning_long(trials: int = MANY_TRIALS) -> Iterator[Found]:
    """The same with many trials, stopped where they take longer than they may.

    Then those that are left count as if they took no longer than the others.
    """
    learned = learn(trials)
    seconds = learned.seconds * trials / learned.trials
    yield Found(_name(trials), seconds, "s", MOST_SECONDS, more_is_better=False, words=str(learned))


def _name(trials: int) -> str:
    return f"TPE and Hyperband, {trials:,} trials on digits"


def learn(trials: int) -> Learned:
    """Sweep digits for so many trials."""
    X, y = digits()
    how = {"sampler": "tpe", "halving": "hyperband"}
    _sweep(X, y, networks=64, **how)  # which compiles
    with _clocked(Study, "ask", "tell") as asking:
        result, seconds = _sweep(X, y, networks=trials, **how)
    return Learned(len(result.losses), seconds, sum(asking))


def _sweep(X: np.ndarray, y: np.ndarray, **options: Any) -> tuple[SweepResult, float]:
    """A sweep that is ended, as by Ctrl-C, when its time is over; and its seconds."""
    start, over = time.perf_counter(), False

    def watch(progress: SweepProgress) -> None:
        nonlocal over
        if time.perf_counter() - start > MOST_SECONDS and not over:
            over = True
            signal.raise_signal(signal.SIGINT)

    result = sweep(X, y, progress=watch, **options)
    return result, time.perf_counter() - start


@contextmanager
def _clocked(owner: type, *names: str) -> Iterator[list[float]]:
    """Collects the seconds that calls of some methods take meanwhile."""
    taken: list[float] = []

    def clocked(method: Callable) -> Callable:
        @functools.wraps(method)
        def call(*arguments, **options):
            start = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                taken.append(time.perf_counter() - start)

        return call

    with ExitStack() as stack:
        for name in names:
            patch = mock.patch.object(owner, name, clocked(getattr(owner, name)))
            stack.enter_context(patch)
        yield taken


def large_table(rows: int = ROWS) -> Iterator[Found]:
    """Shallow networks on a large table, beside the same without l2."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, COLUMNS)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + rng.normal(size=rows) > 0
    without = {name: values for name, values in SHALLOW.items() if name != "l2"}
    _sweep(X[:1000], y[:1000], networks=NETWORKS, epochs=1)  # which compiles
    turns = [
        [_sweep(X, y, space=space, networks=NETWORKS, epochs=1)[1] for space in (without, SHALLOW)]
        for _ in range(TURNS)
    ]
    plain, seconds = map(min, zip(*turns, strict=True))
    theirs = epoch_seconds(X, y, HIDDEN)
    yield Found(
        f"{NETWORKS} networks on {rows:,} x {COLUMNS}, with l2 beside without",
        seconds / plain,
        "x the time",
        1.05,
        more_is_better=False,
        words=f"{seconds:.1f} s and {plain:.1f} s for an epoch; scikit-learn {theirs:.1f} s for "
        f"one network of {HIDDEN}",
    )


def cross_validation() -> Iterator[Found]:
    """A few tiny networks a fold, beside as many that share all rows."""
    together = replace(PLAIN["lanes"], networks=FOLDS * EACH)
    apart = replace(together, folds=FOLDS)
    cases = (apart, together)
    populations = [case.population() for case in cases]
    seconds = seconds_of(
        *(
            functools.partial(case.fit, population, 50)
            for case, population in zip(cases, populations, strict=True)
        )
    )
    rates = [case.updates / taken for case, taken in zip(cases, seconds, strict=True)]
    yield Found(
        f"{FOLDS} folds of {EACH} networks of 4-16-1, beside as many without folds",
        rates[0] / rates[1],
        "x the speed",
        0.75,
        more_is_better=True,
    )
