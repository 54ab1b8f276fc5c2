"""From how many networks on a GPU pays: whole ``fit`` calls on two devices, more and more networks.

What is timed begins with arrays of the host and ends with parameters there, as for somebody who
moves a loop over networks from one device to the other.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .workloads import WORKLOADS, Workload

NETWORKS = tuple(4**k for k in range(9))  # up to 65,536
LONGEST = 1.0  # seconds of a fit: a device that takes longer is not asked for more networks
RUNS = 3  # after one that compiles

W1, W2, W3, *_ = WORKLOADS
SHAPES = tuple(replace(workload, epochs=2) for workload in (replace(W1, samples=64), W2, W3))

Say = Callable[[str], None]


@dataclass
class Curve:
    """Seconds of fits of more and more networks of a shape, on each device.

    Attributes
    ----------
    description : the shape
    seconds : by device, of the first so many of ``NETWORKS``
    """

    description: str
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def crossing(self, slow: str = "cpu", fast: str = "cuda") -> float | None:
        """From how many networks on the fast device is faster, as far as was measured.

        Between two sizes the ratio is taken for a power of the number. None where it is slower in
        the end, 1 where it is faster from the first network on.
        """
        ratios = [
            np.log(b / a) for a, b in zip(self.seconds[slow], self.seconds[fast], strict=False)
        ]
        if not ratios or ratios[-1] >= 0:
            return None
        last = max((k for k, ratio in enumerate(ratios) if ratio >= 0), default=None)
        if last is None:
            return 1.0
        part = ratios[last] / (ratios[last] - ratios[last + 1])
        low, high = np.log(NETWORKS[last : last + 2])
        return float(np.exp(low + part * (high - low)))

    def words(self) -> str:
        """What the curve says."""
        point, most = self.crossing(), len(min(self.seconds.values(), key=len))
        if point is None:
            return f"{self.description}: the GPU does not pay up to {NETWORKS[most - 1]:,} networks"
        start = "from the first network" if point == 1.0 else f"from about {point:,.0f} networks"
        return f"{self.description}: the GPU pays {start} on"


def measure(devices: Sequence[str], say: Say = lambda words: None) -> list[Curve]:
    """Time all shapes on some devices."""
    curves = []
    for workload in SHAPES:
        curve = Curve(workload.kind)
        for device in devices:
            say(f"{workload.kind}: more and more networks on {device}")
            curve.seconds[device] = _seconds(workload, device)
        curves.append(curve)
    return curves


def _seconds(workload: Workload, device: str) -> list[float]:
    """Of each number of networks, until a fit takes too long."""
    results: list[float] = []
    for n in NETWORKS:
        if results and results[-1] > LONGEST:
            break
        results.append(_median(replace(workload, networks=n), device))
    return results


def _median(workload: Workload, device: str) -> float:
    X, y = workload.data()
    seconds = []
    for _ in range(RUNS + 1):
        population = workload.population()
        start = time.perf_counter()
        workload.fit(population, X, y, device)
        population.to("cpu")
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def to_report(curves: list[Curve]) -> list[dict[str, Any]]:
    """As a report keeps them."""
    return [
        {
            "description": curve.description,
            "networks": list(NETWORKS),
            "seconds": curve.seconds,
            "crossing": curve.crossing(),
            "words": curve.words(),
        }
        for curve in curves
    ]


def lines(curves: list[Curve]) -> list[str]:
    """All in words, with the times of each device."""
    words = []
    for curve in curves:
        words.append(curve.words())
        for n, *seconds in zip(NETWORKS, *curve.seconds.values(), strict=False):
            pairs = zip(curve.seconds, seconds, strict=True)
            times = ", ".join(f"{device} {one * 1e3:,.2f} ms" for device, one in pairs)
            words.append(f"  {n:>6,}: {times}")
    return words
