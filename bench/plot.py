"""A report as a picture: how far peers are behind, and how near the machine's limits are."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ..files import write_whole
from .environment import cpu_of
from .measure import fastest
from .peak import Limits
from .table import name, times

COLOURS = {"bpfast": "#d6455b", "JAX": "#5b8fd6", "PyTorch": "#e8963c", "scikit-learn": "#9aa5b1"}
GREY = "#5f6b7a"
BAR = 0.8  # of the room of a bar
GAP = 1.0  # bars left out between workloads
LEAST = 12  # room for so many
LONGEST = 20  # a bar: scikit-learn's would leave no room for the others
TICKS = (0.5, 1, 2, 5, 10, 20)
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
}


def draw(report: dict[str, Any], path: Path) -> None:
    """Write a PNG or SVG file, by the path's suffix.

    Parameters
    ----------
    report : what ``bpfast bench --output`` writes
    path : the picture
    """
    compared = [job for job in report["jobs"] if len(fastest(job["results"])) > 1]
    bars = sum(len(fastest(job["results"])) - 1 + GAP for job in compared)
    crossings = report.get("crossings")  # which older reports do not have
    panels = 1 + bool(compared) + bool(crossings)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(6.5, 6 * panels), max(5.2, 0.24 * bars)), dpi=150)
        figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.1, wspace=0.03)
        axes = list(figure.subplots(1, panels, squeeze=False)[0])
        if compared:
            _bars(axes.pop(0), compared)
        if crossings:
            _crossings(axes.pop(), crossings)
        _roofline(figure, axes[0], report["jobs"], Limits(**report["limits"]))
        figure.supxlabel(_caption(report), fontsize=8, color=GREY)
        write_whole(path, figure.savefig)


def _caption(report: dict[str, Any]) -> str:
    machine = report["machine"]
    return (
        f"{machine['processor']} ({cpu_of(machine)}), float32, "
        f"{report['date'][:10]}; peers compiled and warm, each in its fastest mode"
    )


# --- how far peers are behind ---------------------------------------------------------------------


def _bars(axes: Axes, jobs: list[dict[str, Any]]) -> None:
    """A bar for the fastest mode of each peer: by how much bpfast is faster."""
    axes.set_title("bpfast's speed as a multiple of its peers'")
    axes.set_xscale("log")
    place, middles = 0.0, []
    for job in jobs:
        peers = fastest(job["results"])[1:]
        for k, peer in enumerate(peers):
            _bar(axes, place + k, peer)
        middles.append(place + (len(peers) - 1) / 2)
        place += len(peers) + GAP
    axes.set_yticks(middles, [_title(job) for job in jobs])
    axes.tick_params(axis="y", length=0)
    spare = max(0.0, LEAST - place) / 2  # above and below: few bars need not be thick
    axes.set_ylim(place - GAP + spare, -1.0 - spare)
    slowest = min(peer["bpfast_ratio"] for job in jobs for peer in fastest(job["results"])[1:])
    axes.set_xlim(min(0.5, 0.8 * slowest), 12 * LONGEST)  # room for the words
    axes.set_xticks(TICKS, [f"{tick:g} x" for tick in TICKS], minor=False)
    axes.minorticks_off()
    axes.axvline(1.0, color=GREY, linewidth=1)
    axes.set_xlabel(f"left of the line the peer is faster; bars end at {LONGEST} x")


def _bar(axes: Axes, place: float, peer: dict[str, Any]) -> None:
    ratio = peer["bpfast_ratio"]
    colour = COLOURS.get(peer["runner"], GREY)
    axes.barh(place, min(ratio, LONGEST) - 1.0, left=1.0, height=BAR, color=colour)
    axes.annotate(
        f"{times(ratio)}  {name(peer)}",
        (min(max(ratio, 1.0), LONGEST), place),
        xytext=(4, 0),
        textcoords="offset points",
        verticalalignment="center",
        fontsize=8,
    )


def _title(job: dict[str, Any]) -> str:
    """Name and description, in lines that leave room for bars."""
    title, _, description = job["description"].partition(": ")
    shape, _, batch = description.rpartition(", ")
    return f"{title}\n{shape.replace(', ', chr(10))}\n{batch}"


# --- from how many networks on a GPU pays ---------------------------------------------------------


def _crossings(axes: Axes, crossings: list[dict[str, Any]]) -> None:
    """Time against networks: dashed on the CPU, whole on the GPU, a colour for each kind."""
    axes.set_title("From how many networks on the GPU pays")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for found, colour in zip(crossings, COLOURS.values(), strict=False):
        for device, style in (("cpu", "--"), ("cuda", "-")):
            seconds = found[device]
            axes.plot(found["networks"][: len(seconds)], seconds, style, color=colour)
        if found["pays_from"] is not None:
            axes.axvline(found["pays_from"], 0.0, 0.7, color=colour, linewidth=1, linestyle=":")
        axes.plot([], [], color=colour, label=found["words"])
    axes.plot([], [], "--", color=GREY, label="CPU")
    axes.plot([], [], "-", color=GREY, label="GPU")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.set_ylim(top=axes.get_ylim()[1] * 10)  # room for the words
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("networks")
    axes.set_ylabel("seconds of a fit of an epoch, from and to the host's memory")
    axes.grid(alpha=0.2)


# --- how near the limits are ----------------------------------------------------------------------


def _roofline(figure: Figure, axes: Axes, jobs: list[dict[str, Any]], limits: Limits) -> None:
    """Operations a second against operations for each byte of memory, below what limits both."""
    axes.set_title("bpfast below this machine's measured limits")
    axes.set_xscale("log")
    axes.set_yscale("log")
    x = [job["intensity"] for job in jobs]
    y = [job["results"][0]["gflops"] for job in jobs]
    ridge = limits.fma / limits.memory
    low, high = min(ridge / 10, *x, ridge) / 2, max(*x, ridge) * 4
    slope = np.geomspace(low, ridge, 2)
    axes.plot(slope, slope * limits.memory / 1e9, color=GREY)
    axes.plot([ridge, high], [limits.fma / 1e9] * 2, color=GREY)
    axes.plot([low, high], [limits.matrix / 1e9] * 2, color=GREY, linestyle=":", linewidth=1)
    axes.scatter(x, y, color=COLOURS["bpfast"], zorder=3)
    axes.set_xlim(low, high)
    axes.set_ylim(min(*y, low * limits.memory / 1e9) / 2, limits.fma / 1e9 * 3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("operations for each byte that must go through memory")
    axes.set_ylabel("GFLOP/s")
    axes.grid(alpha=0.2)
    _limit_labels(axes, limits, low)
    figure.draw_without_rendering()
    label_points(axes, list(zip(x, y, [job["name"] for job in jobs], strict=True)))


def _limit_labels(axes: Axes, limits: Limits, low: float) -> None:
    """Each limit's words, at the left end of its line, where no point is."""
    fma, matrix, ridge = limits.fma / 1e9, limits.matrix / 1e9, limits.fma / limits.memory
    middle = np.sqrt(low * ridge)
    up, down = (4, "bottom"), (-4, "top")
    first, second = (up, down) if fma >= matrix else (down, up)
    for words, x, y, (shift, va) in (
        (f"fused multiply-adds {fma:,.0f} GFLOP/s", ridge, fma, first),
        (f"NumPy's matrix product {matrix:,.0f} GFLOP/s", ridge, matrix, second),
        (f"memory {limits.memory / 1e9:,.0f} GB/s", middle, middle * limits.memory / 1e9, down),
    ):
        axes.annotate(
            words,
            (x, y),
            xytext=(6, shift),
            textcoords="offset points",
            va=va,
            fontsize=8,
            color=GREY,
        )


def label_points(axes: Axes, points: list[tuple[float, float, str]]) -> None:
    """Name each point at the nearest place where nothing is yet."""
    taken = [text.get_window_extent() for text in axes.texts]
    taken += [_around(axes.transData.transform((x, y))) for x, y, _ in points]
    places = sorted(
        product(range(-60, 61, 12), range(-60, 61, 12)), key=lambda place: np.hypot(*place)
    )
    for x, y, words in sorted(points):
        label = axes.annotate(words, (x, y), xytext=(0, 0), textcoords="offset points")
        label.set(fontweight="bold", ha="center", va="center")
        for place in places:
            label.set_position(place)
            box = label.get_window_extent().padded(2)
            if not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
        if np.hypot(*label.get_position()) > 30:
            axes.annotate(
                "",
                (x, y),
                xytext=label.get_position(),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 6},
            )


def _around(place: np.ndarray) -> Any:
    """A box about a point."""
    return mpl.transforms.Bbox.from_extents(*(place - 8), *(place + 8))
