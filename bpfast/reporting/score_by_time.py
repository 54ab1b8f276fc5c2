"""The best validation score against the time that it took."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from ..sweeps.words import time_unit
from .captions import Caption, lasted
from .drawing import add_legend, is_log, new_axes, set_log, set_score_axis, tick_label
from .run import Run
from .style import LIGHT


def draw(run: Run, width: int) -> Figure:
    """A step for each better network, and a line at what the ensemble came to."""
    assert run.curve is not None
    seconds, _, scores = run.curve.T
    unit, one = time_unit(seconds[-1])
    times, drawn = seconds / one, run.drawn(scores)
    figure, axes = new_axes(width, 340)
    style = {"color": LIGHT["best"], "linewidth": 2.0, "drawstyle": "steps-post"}
    marker = "o" if len(times) == 1 else None
    axes.plot(times, drawn, label="best network so far", marker=marker, **style)
    ensemble = run.manifest.get("ensemble")
    shown = [*drawn]
    if ensemble:
        level = float(run.drawn(np.array([ensemble["score"]]))[0])
        shown.append(level)
        line = {"color": LIGHT["fourth"], "linewidth": 2.0, "linestyle": "--"}
        axes.axhline(level, label="the ensemble", **line)
    if is_log(times):
        set_log(axes, "x", times)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(tick_label))
    axes.set_xlabel(f"{unit} since the sweep began")
    set_score_axis(axes, run, np.array(shown))
    add_legend(figure, axes)
    return figure


def caption(run: Run) -> Caption:
    """What the time brought, and whether more of it would bring much."""
    assert run.curve is not None
    seconds, ended, scores = run.curve.T
    label, told = run.metric.label, run.metric.format
    text = (
        f"After {lasted(seconds[0])} and {many(int(ended[0]), 'network')} the best validation "
        f"{label} was {told(scores[0])}"
    )
    if len(seconds) > 1:
        text += (
            f"; after {lasted(seconds[-1])} and {many(int(ended[-1]), 'network')} it was "
            f"{told(scores[-1])}"
        )
        half = scores[np.flatnonzero(seconds <= seconds[-1] / 2.0)]
        if len(half):
            text += f", and {told(half[-1])} after half of that time"
    text += "."
    ensemble = run.manifest.get("ensemble")
    if ensemble:
        text += f" The ensemble's is {told(ensemble['score'])}."
    return Caption(True, text)
