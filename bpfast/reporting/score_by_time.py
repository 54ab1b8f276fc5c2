"""The best validation score against the time that it took."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from ..sweeps.words import ranked_by, time_unit
from .captions import Caption, lasted
from .drawing import add_legend, is_log, new_axes, set_log, set_score_axis, tick_label
from .run import Run
from .style import LIGHT


def draw(run: Run, width: int) -> Figure:
    """A step for each better network, and a line at what the ensemble came to."""
    assert run.curve is not None
    seconds, _, scores = run.curve.T
    end = _end(run)
    unit, one = time_unit(end)
    times, drawn = np.append(seconds, end) / one, run.drawn(np.append(scores, scores[-1]))
    figure, axes = new_axes(width, 340)
    style: dict[str, Any] = {"color": LIGHT["best"], "linewidth": 2.0, "drawstyle": "steps-post"}
    axes.plot(times, drawn, label="best network so far", **style)
    ensemble = run.manifest.get("ensemble")
    shown = [*drawn]
    if ensemble:
        level = float(run.drawn(np.array([ensemble["score"]]))[0])
        shown.append(level)
        line: dict[str, Any] = {"color": LIGHT["fourth"], "linewidth": 2.0, "linestyle": "--"}
        axes.axhline(level, label="the ensemble", **line)
    if is_log(times):
        set_log(axes, "x", times)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(tick_label))
    axes.margins(y=0.1)
    axes.set_xlabel(f"{unit} of training")
    set_score_axis(axes, run, np.array(shown))
    add_legend(figure, axes)
    return figure


def caption(run: Run) -> Caption:
    """What the time brought: soon, in half of it, and in all of it."""
    assert run.curve is not None
    seconds, ended, scores = run.curve.T
    end, last = _end(run), len(seconds) - 1
    half = int((seconds <= end / 2.0).sum()) - 1
    moments = sorted({0, max(half, 0), last})
    told = [
        f"{run.metric.format(scores[k])} after {lasted(seconds[k])} and "
        f"{many(int(ended[k]), 'network')}"
        for k in moments
    ]
    text = f"The best {ranked_by(run.metric, run.folds)} was {', '.join(told)}"
    if seconds[last] < end:
        text += f"; none better came in all of {lasted(end)} and {many(len(run), 'network')}"
    if ensemble := run.manifest.get("ensemble"):
        text += f"; the ensemble's is {run.metric.format(ensemble['score'])}"
    return Caption(True, f"{text}.")


def _end(run: Run) -> float:
    """When the last network had ended, in seconds."""
    assert run.curve is not None
    return max(float(run.curve[-1, 0]), run.manifest["seconds"])
