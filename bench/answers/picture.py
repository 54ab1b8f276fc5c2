"""How far runners are from the least loss, against the time that they take: a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.stats import gmean

from ...files import write_whole
from ..plot import COLOURS, GREY, STYLE, label_points
from .runners import BPFAST
from .standings import compare, everywhere


def draw(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Write a PNG or SVG file, by the path's suffix.

    Parameters
    ----------
    results : that have a loss; runners that are for every metric are drawn, on the tables that all
        of them have
    path : the picture

    Raises
    ------
    ValueError
        No table has results of all runners.
    """
    found = compare(results, everywhere(results))
    if not found.tables:
        raise ValueError(f"no table has results of all of {found.runners}: choose some by --show")
    seconds, gaps = gmean(found.seconds, axis=0), 100 * found.gaps.mean(axis=0)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.4), dpi=150)
        figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.1)
        axes = figure.subplots()
        axes.set_title(f"Loss above the least against time, means over {len(found.tables)} tables")
        axes.set_xscale("log")
        ours = [runner.startswith(BPFAST) for runner in found.runners]
        axes.scatter(seconds, gaps, c=[COLOURS[BPFAST] if own else GREY for own in ours], zorder=3)
        axes.set_xlim(seconds.min() / 2, seconds.max() * 2)
        top = max(1.0, gaps.max())
        axes.set_ylim(-0.12 * top, 1.15 * top)  # room for names below points, too
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g} s"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
        axes.set_xlabel("a fit, from raw rows (geometric mean)")
        axes.set_ylabel("0%: the least of all, 100%: a constant's")
        axes.grid(alpha=0.2)
        figure.draw_without_rendering()
        label_points(axes, list(zip(seconds, gaps, found.runners, strict=True)))
        machines = sorted({one["machine"] for one in results})
        figure.supxlabel(", ".join(machines), fontsize=8, color=GREY)
        write_whole(path, figure.savefig)
