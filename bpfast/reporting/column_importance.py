"""How much worse predictions get without what a column says."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from ..sweeps.metrics import Metric
from .captions import Caption, number, shortened
from .drawing import new_axes, tick_label
from .inspection import Inspection
from .run import Run
from .style import LIGHT, WIDE

MOST = 20  # columns that are drawn
TOLD = 3  # columns that the caption names
NAME = {WIDE: 32}  # letters of a column's name, by the figure's width
NAME_OF_OTHERS = 16


def draw(run: Run, width: int) -> Figure:
    """A bar for each column, and a line from its least to its greatest shuffle."""
    assert run.inspection is not None
    importance, means = run.inspection.importance, _drawn(run.inspection)
    figure, axes = new_axes(width, 90 + 30 * len(means))
    places, letters = np.arange(len(means)), NAME.get(width, NAME_OF_OTHERS)
    axes.barh(places, [*means.values()], color=LIGHT["many"], height=0.6, alpha=0.75)
    ends = [(min(importance[name]), max(importance[name])) for name in means]
    axes.hlines(places, *zip(*ends, strict=True), color=LIGHT["ink"], linewidth=1.4)
    axes.axvline(0.0, color=LIGHT["muted"], linewidth=1)
    axes.set_yticks(places, [shortened(name, letters) for name in means])
    axes.xaxis.set_major_locator(MaxNLocator(5 if width == WIDE else 3))
    axes.xaxis.set_major_formatter(FuncFormatter(tick_label))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    metric = Metric(run.inspection.metric)
    axes.set_xlabel(f"{metric.label} {'rises' if metric.sign < 0 else 'falls'} by")
    return figure


def caption(run: Run) -> Caption:
    """The columns that matter most, and how that was found out."""
    found = run.inspection
    assert found is not None
    metric, means = Metric(found.metric), _drawn(found)
    if not means:
        text = f"There is no {metric.label} once a column's values are shuffled among the rows."
        return Caption(False, text)
    shuffles = len(next(iter(found.importance.values())))
    mean = f" on average of {shuffles} shuffles" if shuffles > 1 else ""
    told = [(name, number(fall)) for name, fall in [*means.items()][:TOLD] if fall > 0]
    text = f"On {rows_in_words(found, len(found.rows))}, the {found.of}'s {metric.label} is "
    text += f"{metric.format(found.score)}. "
    if told:
        (first, fall), *others = told
        text += f"Shuffling the values of {first} among these rows makes it {fall} worse{mean}"
        text += "".join(f", those of {name} {fall}" for name, fall in others) + "."
    else:
        text += f"Shuffling a column's values among these rows does not make it worse{mean}."
    count = len(found.importance)
    doubtful = sum(not min(own) > 0 for own in found.importance.values())
    if told and doubtful:
        every = "not every" if shuffles > 1 else "the"
        text += f" For {doubtful} of {many(count, 'column')}, {every} shuffle makes it worse."
    if shuffles > 1:
        text += " Lines go from the least to the greatest of the shuffles."
    if count > len(means):
        text += f" {len(means)} of {count:,} columns are drawn."
    text += " Where columns say the same, each seems to matter little: the others still say it."
    return Caption(True, text)


def rows_in_words(found: Inspection, count: int) -> str:
    """The first rows of those that were looked at."""
    rows = f"all {many(count, 'row')}" if count > 1 else "the one row"
    if count < found.out_of:
        rows = f"{count:,} of the {many(found.out_of, 'row')}"
    if found.part == "train":
        return f"{rows} that networks learned from (no others were kept)"
    return f"{rows} of the {found.part} part" if found.part else rows


def _drawn(found: Inspection) -> dict[str, float]:
    """The columns with a bar, the most important first, and their mean importance."""
    known = [(name, mean) for name, mean in found.means.items() if np.isfinite(mean)]
    return dict(known[:MOST])
