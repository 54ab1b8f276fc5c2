"""Parallel coordinates: hyperparameters and score of every network."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from ..sweeps.words import listed
from .captions import TOP, Caption, best_rows, note_thinned, percent, span, the_best, why_no_score
from .drawing import (
    LOG_FROM,
    LOG_LOSSES_FROM,
    add_legend,
    is_log,
    new_axes,
    ordered_choices,
    score_labels,
    thinned,
    tick_label,
)
from .run import Run
from .style import LIGHT, NARROW, WIDE

LINES = {WIDE: 500, NARROW: 250}  # networks that are drawn, by the figure's width
AXES = {WIDE: 8, NARROW: 4}  # with the score's
FINE_BELOW = 100.0  # with less than so many times the least, powers of ten are too few ticks
FEW = 6  # so few values of a number are all marked on its axis, if they are short


def draw(run: Run, width: int) -> Figure:
    """A line for each network through its hyperparameters to its score."""
    figure, axes = new_axes(width, 440 if width == WIDE else 400)
    names = run.by_importance[: AXES[width] - 1][::-1]  # the most important beside the score
    scales = [Scale(run.table[name][run.scored], name) for name in names]
    log_from = LOG_LOSSES_FROM if run.metric.sign < 0 else LOG_FROM
    scales.append(Scale(run.drawn_scores[run.scored], "score", log_from))
    _draw_lines(axes, np.stack([scale.heights for scale in scales], axis=1), LINES[width])
    for x, scale in enumerate(scales):
        _draw_axis(axes, x, scale)
    axes.set(xlim=(-0.6, len(scales) - 0.75), ylim=(-0.2, 1.06))
    labels = [name.replace("_", "\n") for name in names]
    axes.set_xticks(np.arange(len(scales)), [*labels, "\n".join(score_labels(run))])
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    add_legend(figure, axes)
    return figure


def _draw_lines(axes: Axes, heights: np.ndarray, most: int) -> None:
    """Draw at most so many rows of (networks, axes) heights, the best last and above the others."""
    count, xs = len(heights), np.arange(heights.shape[1])
    shown, tenth, half = thinned(count, most), TOP * count, 0.5 * count
    for label, colour, alpha, rows in (
        ("lower half", "muted", 0.18, shown[shown >= half]),
        ("upper half", "many", 0.3, shown[(shown >= tenth) & (shown < half)]),
        ("best tenth", "third", 0.75, shown[(shown > 0) & (shown < tenth)]),
        ("the best", "best", 1.0, shown[:1]),
    ):
        lines = [np.column_stack([xs, heights[row]]) for row in rows[::-1]]
        thick = 2.4 if colour == "best" else 1.0
        seen = min(1.0, alpha * max(1.0, 100 / len(shown)))  # few lines hide nothing
        axes.add_collection(LineCollection(lines, alpha=seen, color=LIGHT[colour], linewidth=thick))
        axes.plot([], [], color=LIGHT[colour], linewidth=2.4, label=label)


class Scale:
    """The scale of one column: each value's height from 0 to 1, and the ticks with their labels.

    Parameters
    ----------
    values : of the networks
    name : of the column
    log_from : the scale is logarithmic if the greatest value is so many times the least
    """

    MISSING = -0.13  # the height of networks that have no value

    def __init__(self, values: np.ndarray, name: str, log_from: float = LOG_FROM) -> None:
        self.heights: np.ndarray
        self.ticks: list[tuple[float, str]]
        if values.dtype.kind in "UOb" or name == "nesterov":
            self._set_choices(values)
        else:
            self._set_numbers(values.astype(np.float64), log_from)
        if (self.heights == self.MISSING).any():
            self.ticks.append((self.MISSING, "none"))

    def _set_choices(self, values: np.ndarray) -> None:
        text = np.array([str(value) for value in values])
        choices = ordered_choices(np.unique(text[text != ""]))
        steps = {choice: k / max(len(choices) - 1, 1) for k, choice in enumerate(choices)}
        self.heights = np.array([steps.get(choice, self.MISSING) for choice in text.tolist()])
        every = -(-len(choices) // 12)
        self.ticks = [(steps[choice], choice) for choice in choices[::every]]

    def _set_numbers(self, values: np.ndarray, log_from: float) -> None:
        finite = values[np.isfinite(values)]
        if not len(finite):  # only networks that diverged have one
            self.heights, self.ticks = np.full(len(values), self.MISSING), []
            return
        low, high, log = finite.min(), finite.max(), is_log(finite, log_from)
        ticks = _tick_values(finite, log)
        if log:
            low, high, ticks, values = (np.log(part) for part in (low, high, ticks, values))
        distance = high - low or 1.0
        heights = (values - low) / distance
        self.heights = np.where(np.isfinite(heights), heights, self.MISSING)
        numbers = (np.exp(ticks) if log else ticks).round(12)
        self.ticks = [
            (float(height), tick_label(float(number)))
            for height, number in zip((ticks - low) / distance, numbers, strict=True)
        ]


def _tick_values(values: np.ndarray, log: bool) -> np.ndarray:
    """The values themselves if they are few and short, or round numbers in their range."""
    ticks = np.unique(values)
    if len(ticks) <= FEW and all(len(tick_label(tick)) <= 5 for tick in ticks):
        return ticks
    subs = (1.0,) if values.max() >= FINE_BELOW * values.min() else (1.0, 2.0, 5.0)
    locator = LogLocator(subs=subs, numticks=6) if log else MaxNLocator(5)
    ticks = np.asarray(locator.tick_values(values.min(), values.max()))
    return ticks[(ticks >= values.min()) & (ticks <= values.max())]


def _draw_axis(axes: Axes, x: int, scale: Scale) -> None:
    """Draw a column's axis with its ticks."""
    axes.plot([x, x], [0, 1], color=LIGHT["ink"], linewidth=1, zorder=3)
    for height, label in scale.ticks:
        axes.annotate(
            label,
            (x, height),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=11,
            zorder=4,
            bbox={"facecolor": LIGHT["paper"], "alpha": 0.8, "linewidth": 0, "pad": 1.0},
        )
        axes.plot(x, height, "_", color=LIGHT["ink"], markersize=6, zorder=3)


def caption(run: Run) -> Caption:
    """What the best networks have in common."""
    if not len(run.scored):
        return Caption(False, why_no_score(run))
    if not run.varied:
        return Caption(False, "No hyperparameter differs between networks.")
    best, names = best_rows(run), run.by_importance[: AXES[NARROW] - 1]
    common = "; ".join(_common(name, run.table[name][best]) for name in names)
    text = f"{the_best(run)}: {common}."
    if len(run.varied) > len(names):
        text += " Narrow pages have room for these alone."
    return Caption(True, text + note_thinned(run.scored, LINES[WIDE]))


def _common(name: str, values: np.ndarray) -> str:
    """A hyperparameter of some networks: the middle half of numbers, or the commonest choice."""
    if values.dtype.kind == "f":
        return _common_numbers(name, values)
    choices, counts = np.unique(values, return_counts=True)
    first = [str(choice) or "unset" for choice in choices[counts == counts.max()]]
    share = counts.max() / len(values)
    if share == 1:
        return f"{name} is {first[0]}{_for_all(values)}"
    each = " each" if len(first) > 1 else ""
    return f"{name} is most often {listed(first)} ({percent(share)}{each})"


def _common_numbers(name: str, values: np.ndarray) -> str:
    """Where the middle half of the numbers lie, and how many these are."""
    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return f"{name} is in none"
    quarter = len(finite) // 4
    middle = finite[quarter : len(finite) - quarter]
    inside = int(((finite >= middle[0]) & (finite <= middle[-1])).sum())
    those = f"{len(finite):,}" + (" that have it" if len(finite) < len(values) else "")
    networks = _for_all(values) if inside == len(values) else f" for {inside:,} of the {those}"
    return f"{name} is {span(middle).removeprefix('of ')}{networks}"


def _for_all(values: np.ndarray) -> str:
    return " for all" if len(values) > 1 else ""
