"""Validation scores by learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .captions import (
    Caption,
    best_rows,
    note_beyond,
    note_thinned,
    number,
    span,
    the_best,
    why_no_score,
)
from .drawing import (
    add_legend,
    draw_dots,
    is_log,
    new_axes,
    ordered_choices,
    set_log,
    set_score_axis,
    thinned,
)
from .run import Run
from .style import LIGHT, MARKS, SERIES, WIDE

GROUPED_BY = ("optimizer", "hidden", "activation", "schedule", "init")
BINS = 16  # of learning rates, for the median


def draw(run: Run, width: int) -> Figure:
    """A dot for each network, coloured by another hyperparameter, and the median of the dots."""
    figure, axes = new_axes(width, 420)
    rates, scores = run.table["learning_rate"], run.drawn_scores
    shown = run.scored[thinned(len(run.scored), MARKS[width])]
    for label, colour, members in _groups(run):
        rows = shown[members[shown]]
        style: dict[str, Any] = {"alpha": 0.7, "color": LIGHT[colour], "label": label}
        draw_dots(axes, rates[rows], scores[rows], len(shown), **style)
    log = is_log(rates)
    _draw_median(axes, rates[run.scored], scores[run.scored], log)
    _draw_diverged(axes, rates[run.table["diverged"]], MARKS[width] // 4)
    ring: dict[str, Any] = {"facecolor": "none", "edgecolor": LIGHT["best"], "linewidth": 2}
    axes.scatter(rates[:1], scores[:1], s=90, zorder=4, label="the best", **ring)
    if log:
        set_log(axes, "x", rates)
    axes.set_xlabel("learning rate")
    set_score_axis(axes, run, scores[run.scored])
    add_legend(figure, axes)
    return figure


def _groups(run: Run) -> list[tuple[str, str, np.ndarray]]:
    """Label, colour and (networks,) bool, for each choice of the GROUPED_BY that varies first."""
    for name in GROUPED_BY:
        if name in run.varied:
            choices = ordered_choices(np.unique(run.table[name]))
            if len(choices) <= len(SERIES):
                return [
                    (choice or "none", colour, run.table[name] == choice)
                    for choice, colour in zip(choices, SERIES, strict=False)
                ]
    return [("one network", "many", np.ones(len(run), bool))]


def _draw_median(axes: Axes, rates: np.ndarray, scores: np.ndarray, log: bool) -> None:
    """The median score of networks with about the same learning rate."""
    x = np.log(rates) if log else rates
    if len(x) < 4 * BINS or np.ptp(x) == 0:
        return
    edges = np.linspace(x.min(), x.max(), BINS + 1)
    bins = np.clip(np.searchsorted(edges, x, "right") - 1, 0, BINS - 1)
    filled = [k for k in range(BINS) if (bins == k).sum() >= 3]
    medians = [np.median(scores[bins == k]) for k in filled]
    centres = (edges[filled] + edges[np.array(filled) + 1]) / 2
    centres = np.exp(centres) if log else centres
    axes.plot(centres, medians, color=LIGHT["ink"], linewidth=2, label="median")


def _draw_diverged(axes: Axes, rates: np.ndarray, most: int) -> None:
    """Learning rates of networks that diverged, as ticks along the bottom."""
    if len(rates):
        rates = np.sort(rates)[thinned(len(rates), most)]
        bottom = np.full(len(rates), 0.015)  # of the axes' height
        style: dict[str, Any] = {"color": LIGHT["muted"], "markersize": 9, "alpha": 0.7}
        transform = axes.get_xaxis_transform()
        axes.plot(rates, bottom, "|", transform=transform, label="diverged", **style)


def caption(run: Run) -> Caption:
    """Where the best learning rates lie."""
    if "learning_rate" not in run.varied:
        rate = run.fixed.get("learning_rate")
        which = "" if rate is None else f", {number(rate)}"
        return Caption(False, f"The learning rate does not differ between networks{which}.")
    if not len(run.scored):
        return Caption(False, why_no_score(run))
    rates = run.table["learning_rate"]
    best, diverged = rates[best_rows(run)], rates[run.table["diverged"]]
    text = f"{the_best(run)} {'have learning rates' if len(best) > 1 else 'has a learning rate'} "
    text += f"{span(best)}; {span(rates)} were tried"
    if len(diverged):
        count = len(diverged)
        whose = f"the median of the {count:,}" if count > 1 else "that of the one"
        text += f", and {whose} that diverged is {number(np.median(diverged))}"
    text += f"{note_beyond(run, run.scored)}.{note_thinned(run.scored, MARKS[WIDE])}"
    return Caption(True, text)
