"""What a measurement found, beside what was aimed at; and how calls are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LONG = 0.4  # seconds that calls of one kind are repeated for
LEAST_CALLS = 3


@dataclass(frozen=True)
class Found:
    """A number and its aim.

    Attributes
    ----------
    name : what was measured
    value, unit : how much, and of what
    aim : what it should be
    more_is_better : whether it should be at least that, and not at most
    words : what stands behind it
    """

    name: str
    value: float
    unit: str
    aim: float
    more_is_better: bool
    words: str = ""

    @property
    def met(self) -> bool:
        """Whether the aim is reached."""
        return self.value >= self.aim if self.more_is_better else self.value <= self.aim

    def cells(self) -> list[str]:
        """Its line of the table."""
        bound = "at least" if self.more_is_better else "at most"
        return [
            self.name,
            f"{self.value:,.4g} {self.unit}",
            f"{bound} {self.aim:,g}",
            "" if self.met else "MISSED",
            self.words,
        ]


def seconds_of(*calls: Callable[[], Any]) -> list[float]:
    """Median seconds of each of some calls, made in turn; the first of each is left out."""
    taken: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for call, times in zip(calls, taken, strict=True):
        times.append(_seconds(call))
    while sum(map(sum, taken)) < LONG * len(calls) or len(taken[0]) < LEAST_CALLS:
        for call, times in zip(calls, taken, strict=True):
            times.append(_seconds(call))
    return [statistics.median(times) for times in taken]


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
