"""What the figures of a report share: axes, legends, labels, and how many marks are drawn."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from .run import Run
from .style import LIGHT, WIDE

LOG_FROM = 30.0  # a scale is logarithmic if the greatest value is this many times the least
LOG_LOSSES_FROM = 3.0  # the same for losses, of which the least matter most


def new_figure(width: int, height: int) -> Figure:
    """An empty figure, by its size in pixels."""
    figure = Figure(figsize=(width / 72, height / 72))  # 72 units an inch in an SVG
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06)
    return figure


def new_axes(width: int, height: int) -> tuple[Figure, Axes]:
    """A figure with one pair of axes."""
    figure = new_figure(width, height)
    return figure, figure.subplots()


def add_legend(figure: Figure, *axes: Axes) -> None:
    """Put a legend above the axes, where no mark is; nothing if it has one entry."""
    found = [pair for ax in axes for pair in zip(*ax.get_legend_handles_labels(), strict=True)]
    if len(found) < 2:
        return
    handles, labels = zip(*found, strict=True)
    narrow = figure.get_figwidth() < WIDE / 72
    legend = figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=2 if narrow else len(labels),
        handlelength=1.4,
        columnspacing=1.6,
        borderpad=0.2,
    )
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set_sizes([40])
            handle.set_alpha(1)
        elif isinstance(handle, (Line2D, LineCollection)):
            handle.set_linewidth(2.4)


def thinned(count: int, most: int) -> np.ndarray:
    """Indices of at most ``most`` of ``count`` items: the first, and others evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def draw_dots(axes: Axes, x: np.ndarray, y: np.ndarray, count: int, **style: Any) -> None:
    """Draw dots of a size that suits ``count`` of them, those of later calls included."""
    size = float(np.clip(4000 / max(count, 1), 9, 40))  # in square points
    axes.scatter(x, y, s=size, linewidths=0, **style)


def is_log(values: np.ndarray, times: float = LOG_FROM) -> bool:
    """Whether values are shown on a logarithmic scale.

    They are if all are positive, and the greatest is at least so many times the least.
    """
    values = values[np.isfinite(values)]
    return bool(len(values) and values.min() > 0 and values.max() >= times * values.min())


def set_log(axes: Axes, which: str, values: np.ndarray) -> None:
    """Make an axis logarithmic for positive values: "x" or "y"."""
    finite = values[np.isfinite(values)]
    axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    axes.set(**{f"{which}scale": "log"})
    if finite.max() < LOG_FROM * finite.min():  # few powers of ten lie in so small a range
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(tick_label))
    axis.set_minor_formatter(NullFormatter())


def set_score_axis(axes: Axes, run: Run, scores: np.ndarray) -> None:
    """Label the y axis for scores as they are drawn; make it logarithmic for losses far apart."""
    part, *others = score_labels(run)
    axes.set_ylabel(f"{part} {', '.join(others)}")
    if run.metric.sign < 0 and is_log(scores, LOG_LOSSES_FROM):
        set_log(axes, "y", scores)


def tick_label(value: float, _: Any = None) -> str:
    """A tick's number without an exponent, as matplotlib's FuncFormatter asks for it."""
    text = f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:g}"
    return text.replace("-", "\N{MINUS SIGN}")


def score_labels(run: Run) -> list[str]:
    """An axis of scores in words: the part that they are from, the metric, and a remark."""
    labels = [f"{'mean ' if run.folds else ''}validation", run.metric.label]
    return labels + ["less is better"] * (run.metric.sign < 0)


def first_label(run: Run) -> str:
    """How a legend calls the first network: it is the best only if it has a score."""
    return "the best" if len(run.scored) else "the first"


def line_style(run: Run, colour: str) -> dict[str, Any]:
    """A line's colour, and a dot if there is one epoch, which makes no line."""
    return {"color": LIGHT[colour], "marker": "o" if len(run.epochs) == 1 else None}


def ordered_choices(choices: np.ndarray) -> list[Any]:
    """Choices by the numbers in them, such as 8, 16, 16x16, and then by the alphabet."""

    def key(choice: Any) -> tuple[int, list[int], str]:
        widths = [int(part) for part in re.findall(r"\d+", str(choice))]
        return len(widths), widths, str(choice)

    return sorted(choices.tolist(), key=key)
