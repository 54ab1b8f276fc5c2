"""How predictions go with a column's value: partial dependence."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from ..plurals import many
from .captions import Caption, percent, plain, shortened
from .column_importance import rows_in_words
from .drawing import add_legend, is_log, new_figure, ordered_choices, set_log, tick_label
from .inspection import Inspection
from .inspection.found import MOMENTS, WORDS, Dependence
from .run import Run
from .style import LIGHT, SERIES, WIDE

PANEL = 230  # height in pixels
BESIDE = {WIDE: 3}  # panels beside each other, by the figure's width
NAME, WORD = 30, 11  # letters of a column's name, and of a word
FEW = 6  # so few whole numbers are all ticks
SHARES = (0.05, 0.95)  # of single rows' predictions that the axes reach to
MISSING = "missing"


def draw(run: Run, width: int) -> Figure:
    """For each column the mean prediction by its value, and single rows' predictions."""
    found = run.inspection
    assert found is not None
    beside = min(BESIDE.get(width, 1), len(found.curves))
    rows = -(-len(found.curves) // beside)
    figure = new_figure(width, 60 + PANEL * rows)
    panels = figure.subplots(rows, beside, sharey=True, squeeze=False).ravel()
    for axes in panels[len(found.curves) :]:
        axes.remove()
    shown = panels[: len(found.curves)]
    for k, (axes, (name, curve)) in enumerate(zip(shown, found.curves.items(), strict=True)):
        _draw_words(axes, found, curve) if curve.kind == WORDS else _draw_line(axes, found, curve)
        axes.set_title(shortened(name, NAME), loc="left", fontsize=12)
        if k % beside == 0:
            one = len(found.outputs) == 1
            axes.set_ylabel(_predicted(run, found, 0) if one else "probability")
    _set_heights(shown[0], run, found)
    _add_key(figure, shown[0], found)
    return figure


def _colours(found: Inspection) -> list[str]:
    """Of the outputs."""
    names = SERIES if len(found.outputs) > 1 else ("best",)
    return [LIGHT[name] for name in names]


def _draw_line(axes: Axes, found: Inspection, curve: Dependence) -> None:
    """A line for each output by numbers or moments, and thin ones of single rows."""
    x, marks = (np.array(values) for values in (curve.values, curve.deciles))
    if curve.kind == MOMENTS:
        x, marks = x.astype("datetime64[us]"), marks.astype("datetime64[us]")
        locator = AutoDateLocator(maxticks=4)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    elif is_log(x):
        set_log(axes, "x", x)
    else:
        _set_ticks(axes, x)
    axes.plot(x, levelled(curve).T, color=LIGHT["many"], alpha=0.3, linewidth=0.9)
    marker = "o" if len(x) <= 12 else None
    for own, level, colour in zip(curve.average, found.average, _colours(found), strict=False):
        _draw_level(axes, found, level, colour)
        axes.plot(x, own, color=colour, linewidth=2.4, marker=marker, markersize=5)
    inside = marks[(marks >= x[0]) & (marks <= x[-1])]
    style: dict[str, Any] = {"color": LIGHT["muted"], "markersize": 7, "clip_on": False}
    axes.plot(inside, np.zeros(len(inside)), "|", transform=axes.get_xaxis_transform(), **style)
    style |= {"transform": axes.get_yaxis_transform(), "markersize": 6, "markerfacecolor": "none"}
    for missing, colour in zip(curve.missing, _colours(found), strict=False):
        axes.plot([1.0], [missing], "D", **style | {"color": colour})


def _draw_level(axes: Axes, found: Inspection, level: float, colour: str) -> None:
    """The mean of an output's predictions as they are."""
    dashes = LIGHT["muted"] if len(found.outputs) == 1 else colour
    axes.axhline(level, color=dashes, linestyle="--", linewidth=1)


def _set_ticks(axes: Axes, x: np.ndarray) -> None:
    """Ticks at a few numbers, at whole ones where all are."""
    whole = bool((x == np.round(x)).all())
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole))
    axes.xaxis.set_major_formatter(FuncFormatter(tick_label))
    if whole and len(x) <= FEW:
        axes.set_xticks(x)


def levelled(curve: Dependence) -> np.ndarray:
    """Single rows' predictions, each moved to the level of the mean over rows."""
    single = np.array(curve.individual).reshape(-1, len(curve.values))
    return single - single.mean(axis=1, keepdims=True) + np.mean(curve.average[0])


def _draw_words(axes: Axes, found: Inspection, curve: Dependence) -> None:
    """A bar for each word from the mean prediction to the word's, and a dot for each output."""
    order = [curve.values.index(word) for word in ordered_choices(np.array(curve.values))]
    names = [shortened(curve.values[k], WORD) for k in order] + [MISSING] * bool(curve.missing)
    counts = np.array([*(curve.counts[k] for k in order), *[curve.lacking] * bool(curve.missing)])
    sizes = 12 + 100 * counts / counts.max()  # in square points
    places, colours = np.arange(len(names)), _colours(found)
    for k, (level, colour) in enumerate(zip(found.average, colours, strict=False)):
        heights = np.array([*(curve.average[k][own] for own in order), *curve.missing[k : k + 1]])
        _draw_level(axes, found, level, colour)
        if len(found.outputs) == 1:
            axes.bar(places, heights - level, 0.55, bottom=level, color=LIGHT["many"], alpha=0.6)
        axes.scatter(places, heights, sizes, color=colour, linewidths=0, zorder=3)
    tilted = len("  ".join(names)) > 32
    turn: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(places, names, **turn if tilted else {})
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def _set_heights(axes: Axes, run: Run, found: Inspection) -> None:
    """All panels' y axis: the same for all, so that they can be compared."""
    ends = [*found.average]
    for curve in found.curves.values():
        ends += [*np.ravel(curve.average), *curve.missing]
        if curve.individual and curve.kind != WORDS:
            ends += np.quantile(levelled(curve), SHARES, axis=0).ravel().tolist()
    room = 0.06 * (max(ends) - min(ends)) or 0.5
    low, high = min(ends) - room, max(ends) + room
    if run.kind != "numbers":
        low, high = max(low, -0.02), min(high, 1.02)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    formatter: Any = FuncFormatter(tick_label)
    if run.kind != "numbers":
        formatter = PercentFormatter(1.0, decimals=0 if high - low > 0.05 else 1)
    axes.yaxis.set_major_formatter(formatter)


def _add_key(figure: Figure, axes: Axes, found: Inspection) -> None:
    """What colours stand for."""
    if len(found.outputs) > 1:
        for name, colour in zip(found.outputs, _colours(found), strict=False):
            axes.plot([], [], color=colour, linewidth=2.4, label=name)
    else:
        axes.plot([], [], color=LIGHT["best"], linewidth=2.4, label="mean of the rows")
        axes.plot([], [], color=LIGHT["many"], linewidth=0.9, label="one row")
    if any(curve.missing for curve in found.curves.values() if curve.kind != WORDS):
        style: dict[str, Any] = {"color": _colours(found)[0], "markerfacecolor": "none"}
        axes.plot([], [], "D", markersize=6, label="missing value", **style)
    add_legend(figure, axes)


def _predicted(run: Run, found: Inspection, output: int) -> str:
    """What an output is."""
    name = found.outputs[output]
    if run.kind == "numbers":
        return f"predicted {name}" if name else "prediction"
    return f"probability of {name}"


def caption(run: Run) -> Caption:
    """What the column that matters most does to predictions, and how the figure was made."""
    found = run.inspection
    assert found is not None
    if not found.outputs:
        return Caption(False, "bpfast report FOLDER --explain finds out, which may take a minute.")
    if not found.curves:
        return Caption(False, "There is nothing to draw: no column makes predictions better.")
    name, curve = next(iter(found.curves.items()))
    output = int(np.argmax(np.ptp(np.array(curve.average), axis=1)))
    own, what = curve.average[output], _predicted(run, found, output)
    tell = plain if run.kind == "numbers" else percent
    (low, lowest), (high, highest) = (
        (_value(curve, int(place)), tell(own[place])) for place in (np.argmin(own), np.argmax(own))
    )
    text = f"The {what} is {lowest} on average if {name} is {low} in all rows, and {highest} if it "
    return Caption(True, f"{text}is {high} there. {_how(run, found)}")


def _how(run: Run, found: Inspection) -> str:
    """What is drawn."""
    text = f"Means of the {found.of}'s predictions for {rows_in_words(found, found.curve_rows)}"
    text += ", all else in a row staying as it is"
    curves = found.curves.values()
    if singles := max(len(curve.individual) for curve in curves):
        text += f"; thin lines are {many(singles, 'row')} of these, moved to the level of the mean"
    if any(curve.kind == WORDS for curve in curves):
        text += "; the more rows have a word, the larger is its dot"
    if any(curve.kind != WORDS for curve in curves):
        text += "; small ticks mark tenths of the rows"
    text += "; dashes are the mean of predictions as they are."
    if run.outputs > max(len(found.outputs), 2 if run.kind == "classes" else 1):
        which = {"classes": "classes, the most frequent", "labels": "labels, the first"}
        text += f" Of {run.outputs} {which.get(run.kind, 'numbers, the first')} "
        text += "is drawn." if len(found.outputs) == 1 else f"{len(found.outputs)} are drawn."
    return text


def _value(curve: Dependence, place: int) -> str:
    """A value in words."""
    value = curve.values[place]
    if curve.kind == WORDS:
        return str(value)
    return value[:16].replace("T", " ") if curve.kind == MOMENTS else plain(value)
