"""From how many networks on a GPU pays: whole fits on CPU and GPU against their number."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from .measure import bpfast
from .workloads import WORKLOADS, Workload

DEVICES = ("cpu", "cuda")
SIZES = tuple(4**k for k in range(10))
KINDS = tuple(replace(workload, epochs=1) for workload in WORKLOADS[1:3])
RUNS = 3
LONG = 1.0  # seconds: a device that takes longer is asked for no more networks


@dataclass(frozen=True)
class Crossing:
    """How long fits of one kind take.

    Attributes
    ----------
    kind : of networks, in words
    networks : how many
    cpu, cuda : seconds for each number; fewer where the CPU, or the GPU too, took too long for more
    """

    kind: str
    networks: list[int]
    cpu: list[float]
    cuda: list[float]

    @property
    def pays_from(self) -> float | None:
        """So many networks take equally long, and more are faster on the GPU; None if none are.

        Between two numbers that were measured, both times are straight lines in logarithms.
        """
        both = min(len(self.cpu), len(self.cuda))
        lead = np.log(self.cpu[:both]) - np.log(self.cuda[:both])
        if lead[-1] <= 0:
            return None
        last = int(np.flatnonzero(lead <= 0)[-1]) if (lead <= 0).any() else -1
        if last < 0:
            return float(self.networks[0])
        low, high = np.log(self.networks[last : last + 2])
        return float(np.exp(low + (high - low) * lead[last] / (lead[last] - lead[last + 1])))

    def __str__(self) -> str:
        pays = self.pays_from
        if pays is None:
            most = self.networks[min(len(self.cpu), len(self.cuda)) - 1]
            return f"{self.kind}: up to {most:,} networks the GPU does not pay"
        start = "the first network" if pays <= self.networks[0] else f"about {pays:,.0f} networks"
        return f"{self.kind}: the GPU pays from {start} on"


def measure(
    workload: Workload, sizes: tuple[int, ...], say: Callable[[str], None] = print
) -> Crossing:
    """Time a kind of network on both devices, on the GPU for no more networks than on the CPU."""
    seconds: dict[str, list[float]] = {}
    asked = sizes
    for device in DEVICES:
        say(f"{workload.kind}: from how many networks on a GPU pays: {device}")
        seconds[device] = list(_seconds(workload, asked, device))
        asked = asked[: len(seconds[device])]
    return Crossing(workload.kind, list(sizes), **seconds)


def _seconds(workload: Workload, sizes: tuple[int, ...], device: str) -> Iterator[float]:
    """Median seconds of a fit of each number of networks, until it takes too long."""
    for networks in sizes:
        run = bpfast(device).build(replace(workload, networks=networks))
        taken = []
        for _ in range(RUNS + 1):  # the first compiles
            run.reset()
            start = time.perf_counter()
            run.train()
            taken.append(time.perf_counter() - start)
        yield statistics.median(taken[1:])
        if min(taken[1:]) > LONG:
            return
