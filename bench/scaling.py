"""``python -m bpfast.bench.scaling``: time against networks, batch, width and threads, and cliffs.

A curve shows the time of whole ``fit`` calls for a unit of work, so that smooth is flat. Two sizes
that are at most 7 % apart are neighbours; where one takes more than 1.5 x the other's time, there
is a cliff between them.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..checking.machine import machine
from ..files import write_text, write_whole
from ..kernels.cpu import thread_count
from ..training.dispatch import choose
from .measure import bpfast
from .workloads import WORKLOADS, Workload

NEAR, CLIFF = 1.07, 1.5
TURNS = 7
W1, W2, W3, _, W5 = WORKLOADS

# Sizes around those at which kernels could change their ways: vectors, tiles, slices, strategies.
NETWORKS = (1, 2, 4, 8, 15, 16, 17, 32, 64, 128, 256, 1000, 1001, 10_000, 100_000, 1_000_000)
BATCHES: tuple[int, ...] = (1, 2, 4, 8, 15, 16, 17, 32, 63, 64, 65, 128, 256, 257)
BATCHES += (512, 513, 1000, 1001, 2048, 4096)
WIDTHS = (8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 133, 134, 256)
STEPS, NETWORK_STEPS = 4000, 4_000_000  # at most, in a call for few and for many tiny networks


@dataclass
class Point:
    """A workload at a place on a curve, and its times.

    Attributes
    ----------
    size : the place
    workload : what is trained
    units : work of a call, in the unit of its panel
    repeats : how often a call does what its neighbours on the curve do too
    threads : on how many
    strategy : what bpfast chose
    seconds : of each call
    """

    size: int
    workload: Workload
    units: float
    repeats: int
    threads: int
    strategy: str = ""
    seconds: list[float] = field(default_factory=list)

    @property
    def per_unit(self) -> float:
        """Median seconds for a unit of work."""
        return statistics.median(self.seconds) / self.units


@dataclass(frozen=True)
class Curve:
    """Points that differ in one size.

    Attributes
    ----------
    panel : name of the size, one of PANELS
    label : what is the same for all
    points : by size
    """

    panel: str
    label: str
    points: list[Point]


@dataclass(frozen=True)
class Pair:
    """Neighbours on a curve: how much longer the second takes, by the median over the turns."""

    panel: str
    label: str
    first: int
    second: int
    ratio: float
    strategies: tuple[str, str]

    @property
    def cliff(self) -> bool:
        """Whether one takes far longer."""
        return max(self.ratio, 1 / self.ratio) > CLIFF


PANELS = {  # what the axes are called
    "networks": ("networks", "ns per network and step"),
    "batch": ("batch size", "ns per sample-update"),
    "width": ("units in the hidden layer", "ms per GFLOP"),
    "threads": ("threads", "thread-ms per GFLOP"),
}
SCALE = {"networks": 1e9, "batch": 1e9, "width": 1e3, "threads": 1e3}


def main() -> int:
    """Measure, print, write and draw; 1 where there is a cliff."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.scaling", description=__doc__)
    parser.add_argument("--panel", choices=PANELS, action="append", help="only this one")
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="more, less noise")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON to write")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="picture to draw")
    options = parser.parse_args()
    wanted = options.panel or PANELS
    curves = [curve for curve in all_curves() if curve.panel in wanted]
    for curve in curves:
        measure(curve, options.turns)
        print(table(curve), flush=True)
    pairs = [pair for curve in curves for pair in neighbours(curve)]
    print("\n".join(["\nneighbours, and how much longer the second takes", *map(line, pairs)]))
    if options.output:
        write_text(options.output, json.dumps(report(curves, pairs), indent=1) + "\n")
    if options.plot:
        draw(curves, pairs, options.plot)
    return int(any(pair.cliff for pair in pairs))


# --- what is measured -----------------------------------------------------------------------------


def all_curves() -> list[Curve]:
    """Every curve, not yet measured."""
    tall, narrow = replace(W3, networks=16, epochs=1), replace(W2, networks=256, epochs=1)
    between = replace(narrow, layers=(16, 64, 1), networks=64)
    one = replace(W5, epochs=1)
    return [
        curve("networks", "2-2-1 identity", NETWORKS, many_networks),
        *(
            curve("batch", name(w), BATCHES, partial(batches, w))
            for w in (tall, between, narrow, one)
        ),
        *(
            curve("width", name(w, "-h-"), WIDTHS, partial(wide, w))
            for w in (replace(tall, samples=1024), replace(narrow, samples=2048))
        ),
        *(
            curve("threads", f"{w.name}: {name(w)}", threads(), partial(on_threads, w))
            for w in (W2, replace(W3, epochs=2), replace(W5, epochs=5))
        ),
    ]


def name(workload: Workload, between: str = "") -> str:
    """How many networks of which shape."""
    first, *hidden, last = workload.layers
    middle = between or f"-{'-'.join(map(str, hidden))}-"
    return f"{workload.networks} x {first}{middle}{last} {workload.activation}"


def many_networks(size: int) -> Workload:
    """So many of the tiniest networks."""
    return replace(W1, networks=size, epochs=max(5, min(STEPS, NETWORK_STEPS // size)))


def batches(workload: Workload, size: int) -> Workload:
    """The same samples in batches of some size; the last may be short."""
    return replace(workload, samples=4096, batch_size=size)


def wide(workload: Workload, size: int) -> Workload:
    """One hidden layer of some width."""
    return replace(workload, layers=(workload.layers[0], size, workload.layers[-1]))


def on_threads(workload: Workload, size: int) -> Workload:
    """The same for all numbers of threads."""
    return workload


def threads() -> Sequence[int]:
    """1, 2, 4 … and all."""
    most = thread_count()
    return sorted({2**k for k in range(most.bit_length())} | {most})


def curve(panel: str, label: str, sizes: Sequence[int], make: Callable[[int], Workload]) -> Curve:
    """Points for some sizes."""
    points = []
    for size in sizes:
        workload, used = make(size), size if panel == "threads" else thread_count()
        gflop = workload.sample_updates * workload.flops / 1e9
        units = {"width": gflop, "threads": gflop / used}.get(panel, workload.sample_updates)
        points.append(Point(size, workload, units, workload.epochs, used))
    return Curve(panel, label, points)


# --- measuring ------------------------------------------------------------------------------------


def measure(curve: Curve, turns: int) -> None:
    """Time all points in turn, so that neighbours see the same machine."""
    runs = [bpfast("cpu").build(point.workload) for point in curve.points]
    for turn in range(1 + turns):
        for point, run in zip(curve.points, runs, strict=True):
            run.reset()
            with threads_limited(point.threads):
                point.strategy = strategy(point.workload)
                start = time.perf_counter()
                run.train()
                seconds = time.perf_counter() - start
            if turn > 0:  # the first may compile
                point.seconds.append(seconds)


def strategy(workload: Workload) -> str:
    """What bpfast chooses here."""
    return choose(workload.mlp, workload.networks, workload.batch_size, "cpu").strategy


@contextlib.contextmanager
def threads_limited(count: int) -> Iterator[None]:
    """``NUMBA_NUM_THREADS``, which every fit looks at, for a while."""
    before = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        del os.environ["NUMBA_NUM_THREADS"]
        if before is not None:
            os.environ["NUMBA_NUM_THREADS"] = before


def neighbours(curve: Curve) -> list[Pair]:
    """Pairs of points whose sizes hardly differ."""
    pairs = []
    for a, b in pairwise(curve.points):
        if b.size <= NEAR * a.size:
            turns = zip(a.seconds, b.seconds, strict=True)
            ratio = statistics.median(t / s for s, t in turns) * a.repeats / b.repeats
            strategies = a.strategy, b.strategy
            pairs.append(Pair(curve.panel, curve.label, a.size, b.size, ratio, strategies))
    return pairs


# --- showing --------------------------------------------------------------------------------------


def table(curve: Curve) -> str:
    """A curve's points in lines."""
    size, unit = PANELS[curve.panel]
    head = f"\n{curve.label}\n{size:>26}{'ms a call':>12}{unit:>26}"
    return "\n".join(
        [head]
        + [
            f"{point.size:>26,}{1e3 * statistics.median(point.seconds):>12.2f}"
            f"{SCALE[curve.panel] * point.per_unit:>26.4g}  {point.strategy}"
            for point in curve.points
        ]
    )


def line(pair: Pair) -> str:
    """A pair in words."""
    sizes = f"{PANELS[pair.panel][0]} {pair.first} -> {pair.second}"
    text = f"{pair.label:<34}{sizes:<40}{pair.ratio:>6.2f} x"
    return text + (f"  CLIFF: {' -> '.join(pair.strategies)}" if pair.cliff else "")


def report(curves: list[Curve], pairs: list[Pair]) -> dict[str, Any]:
    """What is written: all of the run, and where it was."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "curves": [asdict(curve) for curve in curves],
        "pairs": [asdict(pair) | {"cliff": pair.cliff} for pair in pairs],
    }


def draw(curves: list[Curve], pairs: list[Pair], path: Path) -> None:
    """A panel for each size; cliffs are circled."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    spaced = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12)
    figure = Figure(figsize=(11, 8.5), layout=spaced)
    for panel, axes in zip(PANELS, figure.subplots(2, 2).flat, strict=True):
        for curve in curves:
            if curve.panel == panel:
                points = {p.size: SCALE[panel] * p.per_unit for p in curve.points}
                axes.plot(*zip(*points.items(), strict=True), "o-", ms=4, label=curve.label)
                edges = [(p.first, p.second) for p in pairs if p.cliff and p.label == curve.label]
                for size in (size for edge in edges for size in edge):
                    axes.plot(size, points[size], "o", ms=11, mfc="none", color="crimson")
        style(axes, panel)
    figure.suptitle("Time of whole fit calls for a unit of work; cliffs are circled")
    write_whole(path, partial(figure.savefig, dpi=150))


def style(axes: Any, panel: str) -> None:
    """Scales, names and numbers of a panel."""
    from matplotlib import ticker

    axes.set(xlabel=PANELS[panel][0], ylabel=PANELS[panel][1], yscale="log")
    axes.set_xscale("log", base=10 if panel == "networks" else 2)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, high / 10), 2.5 * high)  # a decade at least, and room for the names
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    for axis in (axes.yaxis,) if panel == "networks" else (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(ticker.NullFormatter())
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False, fontsize="small")


if __name__ == "__main__":
    sys.exit(main())
