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
    unit, one = time_unit(seconds[-1])
    times, drawn = seconds / one, run.drawn(scores)
    figure, axes = new_axes(width, 340)
    style: dict[str, Any] = {"color": LIGHT["best"], "linewidth": 2.0, "drawstyle": "steps-post"}
    marker = "o" if len(times) == 1 else None
    axes.plot(times, drawn, label="best network so far", marker=marker, **style)
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
    axes.set_xlabel(f"{unit} since the sweep began")
    set_score_axis(axes, run, np.array(shown))
    add_legend(figure, axes)
    return figure


def caption(run: Run) -> Caption:
    """What the time brought: at the first point, after half of the time, and at the end."""
    assert run.curve is not None
    seconds, ended, scores = run.curve.T
    told = run.metric.format
    moments = [0, *_halfway(seconds), len(seconds) - 1] if len(seconds) > 1 else [0]
    (first, *others) = (
        f"after {lasted(seconds[k])} and {many(int(ended[k]), 'network')}" for k in moments
    )
    text = f"The best {ranked_by(run.metric, run.folds)} was {told(scores[0])} {first}"
    text += "".join(
        f", {told(scores[k])} {when}" for k, when in zip(moments[1:], others, strict=True)
    )
    ensemble = run.manifest.get("ensemble")
    return Caption(
        True, f"{text}; the ensemble's is {told(ensemble['score'])}." if ensemble else f"{text}."
    )


def _halfway(seconds: np.ndarray) -> list[int]:
    """The last point in the first half of the time, unless it is the first or the last of all."""
    k = int((seconds <= seconds[-1] / 2.0).sum()) - 1
    return [k] if 0 < k < len(seconds) - 1 else []
