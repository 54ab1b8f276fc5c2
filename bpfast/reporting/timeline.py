"""When networks were trained, and when each best score came."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from ..sweeps.words import time_unit
from .captions import Caption, lasted, note_beyond, note_thinned
from .drawing import (
    add_legend,
    draw_dots,
    new_axes,
    new_figure,
    set_score_axis,
    thinned,
    tick_label,
)
from .run import Run
from .style import LIGHT, MARKS, WIDE

AXES_HEIGHT = 160.0  # of the lower axes, in points, about


def draw(run: Run, width: int) -> Figure:
    """Scores by time above, and below a line for each network from its start to its end."""
    unit, seconds = time_unit(np.nanmax(run.ended))
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    if len(timed):
        figure = new_figure(width, 520)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_scores(upper, run, timed, seconds, MARKS[width])
    else:
        figure, lower = new_axes(width, 260)
    _draw_spans(lower, run, seconds, MARKS[width] // 2)
    lower.set(xlabel=f"{unit} since the first network began", ylabel="network's number")
    for axis in (lower.xaxis, lower.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=axis is lower.yaxis))
        axis.set_major_formatter(FuncFormatter(tick_label))
    add_legend(figure, *figure.axes)
    return figure


def _draw_scores(axes: Axes, run: Run, timed: np.ndarray, seconds: float, most: int) -> None:
    """A dot for each network when it ended, and the best score so far."""
    ended, scores = run.ended / seconds, run.drawn_scores
    shown = timed[thinned(len(timed), most)]
    style: dict[str, Any] = {"alpha": 0.6, "color": LIGHT["many"], "label": "one network"}
    draw_dots(axes, ended[shown], scores[shown], len(shown), **style)
    times, best = best_so_far(run)
    times = np.append(times, np.nanmax(run.ended)) / seconds
    best = run.drawn(np.append(best, best[-1]))
    axes.plot(
        times, best, color=LIGHT["best"], drawstyle="steps-post", linewidth=2, label="best so far"
    )
    set_score_axis(axes, run, scores[timed])


def best_so_far(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Seconds at which a network was the best so far, and the scores that made it so."""
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    order = timed[np.argsort(run.ended[timed], kind="stable")]
    scores = run.scores[order]
    records = np.diff(np.maximum.accumulate(scores), prepend=-np.inf) > 0
    return run.ended[order][records], scores[records]


def _draw_spans(axes: Axes, run: Run, seconds: float, most: int) -> None:
    """A line for each network, from when it began to when it ended."""
    timed = np.flatnonzero(np.isfinite(run.started) & np.isfinite(run.ended))
    timed = timed[np.argsort(run.table["network"][timed])]
    shown = timed[thinned(len(timed), most)]
    linewidth = float(np.clip(AXES_HEIGHT / max(len(shown), 1), 1.2, 6.0))
    diverged = run.table["diverged"]
    for label, colour, rows in (
        ("from start to end", "many", shown[~diverged[shown]]),
        ("the same, diverged", "third", shown[diverged[shown]]),
    ):
        if len(rows):
            axes.hlines(
                run.table["network"][rows],
                run.started[rows] / seconds,
                run.ended[rows] / seconds,
                color=LIGHT[colour],
                linewidth=linewidth,
                capstyle="round",  # so that a line shorter than it is thick is seen
                label=label,
            )


def caption(run: Run) -> Caption:
    """When the last network ended, and when the best."""
    if not np.isfinite(run.ended).any():
        return Caption(False, "The study has no times.")
    last = float(np.nanmax(run.ended))
    times, _ = best_so_far(run)
    text = f"The last network ended {lasted(last)} after the first began"
    if not len(times):
        return Caption(True, f"{text}; none of them has a score.")
    if np.isfinite(run.ended[0]):
        text += f", the best one after {lasted(run.ended[0])}"
    steps = many(len(times), "network")
    text += f"; {steps} in turn {'were' if len(times) > 1 else 'was'} the best so far"
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    text += f"{note_beyond(run, timed)}.{note_thinned(timed, MARKS[WIDE] // 2)}"
    return Caption(True, text)
