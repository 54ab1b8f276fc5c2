"""The figures of a sweep's report, each for a wide and for a narrow page.

They are drawn in the colours of the light theme. In an SVG those can be replaced by name, so that a
page shows the same drawing in either theme.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from ..sweeps.words import time_unit
from .run import Run

# name: (light, dark). No colour is there twice: an SVG's colours are known by their values.
COLOURS = {
    "paper": ("#ffffff", "#171b21"),
    "ink": ("#1b2430", "#e7eaef"),
    "muted": ("#5a6675", "#9ba7b6"),
    "grid": ("#dde3ea", "#2e3641"),
    "best": ("#c22f4c", "#ff7d92"),
    "many": ("#2a6bc3", "#72aaf6"),
    "third": ("#b85c00", "#f0a04b"),
    "fourth": ("#1d7f4f", "#5fcf97"),
    "fifth": ("#7d45b8", "#c79bf5"),
    "sixth": ("#0d7a8a", "#4fc7d6"),
    "seventh": ("#7a6a1f", "#d3c26a"),
}
LIGHT = {name: light for name, (light, _) in COLOURS.items()}
GROUPS = ("many", "third", "fourth", "fifth", "sixth", "seventh")  # colours for choices
GROUPED_BY = ("optimizer", "hidden", "activation", "schedule", "init")

WIDE, NARROW = 880, 350  # units of a figure's width: pixels on a page
MARKS = {
    WIDE: 1500,
    NARROW: 500,
}  # of one kind in a figure: more hide each other, and fill the file
LINES = {WIDE: 500, NARROW: 250}
AXES = {WIDE: 8, NARROW: 4}  # of parallel coordinates, with the score's
BEST = 10  # networks whose curves are drawn one by one
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TOP = 0.1  # share of the networks that count as the best ones
BINS = 16  # of learning rates
LOG_FROM = 30.0  # greatest to least from which a scale is logarithmic
FEW = 6  # short values of a number are all marked on its axis
STYLE: dict[Any, Any] = {
    "font.size": 12,
    "text.color": LIGHT["ink"],
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LIGHT["grid"],
    "figure.facecolor": LIGHT["paper"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text, in the page's own font
    "svg.hashsalt": "bpfast",  # the same figure has the same bytes
}


def draw(name: str, run: Run, width: int, file_format: str) -> bytes:
    """A figure as a file.

    Parameters
    ----------
    name : one of FIGURES
    width : WIDE or NARROW
    file_format : "svg" or "png"
    """
    blank: Any = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # they differ by the day
    file = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure = FIGURES[name](run, width)
        if file_format == "svg":
            figure.savefig(file, format="svg", metadata=blank)
        else:
            figure.savefig(file, format="png", dpi=150)
    return file.getvalue()


def inline(svg: bytes, prefix: str) -> str:
    """An SVG as a part of a page: its colours are the page's, its ids start with a prefix."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", text)
    for name, colour in LIGHT.items():
        text = text.replace(colour, f"var(--{name})")
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # it would hold for the page
    text = re.sub(r'(?<=<svg )[^>]*?(viewBox="[^"]*")[^>]*', r"\1", text)
    return text.replace("xlink:href", "href").strip()


# --- the figures ----------------------------------------------------------------------------------


def loss_best(run: Run, width: int) -> Figure:
    """Training losses of the best networks."""
    figure, axes = _single(width, 380)
    few = run.losses[:BEST]
    for losses in few[:0:-1]:
        axes.plot(run.epochs, losses, color=LIGHT["many"], alpha=0.55, linewidth=1.2)
    if np.isfinite(few[1:]).any():
        others = f"others of the first {len(few)}"
        axes.plot([], [], color=LIGHT["many"], alpha=0.7, label=others)
    axes.plot(run.epochs, few[0], linewidth=2.4, label=_first(run), **_mark(run, "best"))
    _loss_axes(axes, run, few)
    _legend(figure, axes)
    return figure


def loss_quantiles(run: Run, width: int) -> Figure:
    """How the training losses of all networks are spread, epoch by epoch."""
    figure, axes = _single(width, 380)
    there = np.isfinite(run.losses).any(axis=0)
    epochs = run.epochs[there]
    lowest, low, middle, high, highest = np.nanquantile(run.losses[:, there], QUANTILES, axis=0)
    band: dict[str, Any] = {"color": LIGHT["many"], "linewidth": 0}
    axes.fill_between(epochs, lowest, highest, alpha=0.18, label="5% to 95%", **band)
    axes.fill_between(epochs, low, high, alpha=0.35, label="25% to 75%", **band)
    axes.plot(epochs, middle, linewidth=2, label="median", **_mark(run, "many"))
    axes.plot(run.epochs, run.losses[0], linewidth=2, label=_first(run), **_mark(run, "best"))
    _loss_axes(axes, run, np.stack([lowest, highest]))
    _legend(figure, axes)
    return figure


def learning_rate(run: Run, width: int) -> Figure:
    """Validation scores by learning rate, coloured by another choice."""
    figure, axes = _single(width, 420)
    rates, scores = run.table["learning_rate"], run.shown_scores
    shown = run.scored[_thinned(len(run.scored), MARKS[width])]
    for label, colour, members in _groups(run):
        mine = shown[members[shown]]
        axes.scatter(
            rates[mine],
            scores[mine],
            s=_size(len(shown)),
            alpha=0.7,
            linewidths=0,
            color=LIGHT[colour],
            label=label,
        )
    log = _is_log(rates)
    _trend(axes, rates[run.scored], scores[run.scored], log)
    _rug(axes, rates[run.table["diverged"]], MARKS[width])
    ring: dict[str, Any] = {
        "s": 90,
        "facecolor": "none",
        "edgecolor": LIGHT["best"],
        "linewidth": 2,
        "zorder": 4,
    }
    axes.scatter(rates[:1], scores[:1], label="the best", **ring)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("learning rate")
    axes.set_ylabel(_score_name(run))
    _legend(figure, axes)
    return figure


def parallel(run: Run, width: int) -> Figure:
    """Every network as a line through its hyperparameters and its score."""
    figure, axes = _single(width, 440 if width == WIDE else 400)
    names = run.by_importance[: AXES[width] - 1][::-1]  # the most important beside the score
    scales = [_Scale(run.table[name][run.scored], name) for name in names]
    scales.append(_Scale(run.shown_scores[run.scored], "score"))
    heights = np.stack([scale.heights for scale in scales], axis=1)
    places = np.arange(len(scales))
    count = len(run.scored)
    shown, tenth, half = _thinned(count, LINES[width]), TOP * count, 0.5 * count
    for label, colour, alpha, rows in (
        ("lower half", "muted", 0.18, shown[shown >= half]),
        ("upper half", "many", 0.3, shown[(shown >= tenth) & (shown < half)]),
        ("best tenth", "third", 0.75, shown[(shown > 0) & (shown < tenth)]),
        ("the best", "best", 1.0, shown[:1]),
    ):
        lines = [np.column_stack([places, heights[row]]) for row in rows[::-1]]
        thick = 2.4 if colour == "best" else 1.0
        seen = min(1.0, alpha * max(1.0, 100 / len(shown)))  # few lines hide nothing
        axes.add_collection(LineCollection(lines, alpha=seen, color=LIGHT[colour], linewidth=thick))
        axes.plot([], [], color=LIGHT[colour], linewidth=2.4, label=label)
    for place, scale in enumerate(scales):
        _axis(axes, place, scale)
    axes.set(xlim=(-0.6, len(scales) - 0.75), ylim=(-0.2, 1.06))
    axes.set_xticks(places, [_broken(name) for name in (*names, _score_name(run))])
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    _legend(figure, axes)
    return figure


def importance(run: Run, width: int) -> Figure:
    """Shares of the hyperparameters as bars."""
    figure, axes = _single(width, 90 + 34 * len(run.importance))
    names, shares = list(run.importance), list(run.importance.values())
    bars = axes.barh(names, shares, color=LIGHT["many"], height=0.65)
    axes.bar_label(bars, [percent(share) for share in shares], padding=5)
    axes.set_xlim(0, 1.15 * max(shares))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("share of the importance")
    return figure


def timeline(run: Run, width: int) -> Figure:
    """When networks were trained, and the best score so far."""
    unit, seconds = time_unit(np.nanmax(run.ended))
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    if len(timed):
        figure = _figure(width, 520)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _scores_in_time(upper, run, timed, seconds, MARKS[width])
    else:
        figure, lower = _single(width, 260)
    _spans(lower, run, seconds, MARKS[width] // 2)
    lower.set(xlabel=f"{unit} since the first network began", ylabel="network's number")
    for axis in (lower.xaxis, lower.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=axis is lower.yaxis))
        axis.set_major_formatter(FuncFormatter(_plain))
    _legend(figure, *figure.axes)
    return figure


FIGURES: dict[str, Callable[[Run, int], Figure]] = {
    "loss_best": loss_best,
    "loss_quantiles": loss_quantiles,
    "learning_rate": learning_rate,
    "parallel": parallel,
    "importance": importance,
    "timeline": timeline,
}


def best_so_far(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Seconds at which a network was the best so far, and the scores that made it so."""
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    order = timed[np.argsort(run.ended[timed], kind="stable")]
    scores = run.scores[order]
    records = np.diff(np.maximum.accumulate(scores), prepend=-np.inf) > 0
    return run.ended[order][records], scores[records]


def percent(share: float) -> str:
    """A share in words: what is rounded is neither none nor all."""
    if 0.995 <= share < 1:
        return "> 99%"
    return "< 1%" if 0 < share < 0.005 else f"{share:.0%}"


# --- what they share ------------------------------------------------------------------------------


def _figure(width: int, height: int) -> Figure:
    figure = Figure(figsize=(width / 72, height / 72))  # 72 units an inch in an SVG
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06)
    return figure


def _single(width: int, height: int) -> tuple[Figure, Axes]:
    figure = _figure(width, height)
    return figure, figure.subplots()


def _legend(figure: Figure, *axes: Axes) -> None:
    """Above the axes, where no mark is."""
    found = [pair for one in axes for pair in zip(*one.get_legend_handles_labels(), strict=True)]
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


def _thinned(count: int, most: int) -> np.ndarray:
    """Places of up to ``most`` of ``count`` things, evenly spread, the first among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def _score_name(run: Run) -> str:
    return f"{'mean ' if run.folds else ''}validation {run.manifest['metric']}"


def _first(run: Run) -> str:
    return "the best" if len(run.scored) else "the first"


def _size(count: int) -> float:
    """Of a dot among many, in square points."""
    return float(np.clip(4000 / max(count, 1), 9, 40))


def _is_log(values: np.ndarray) -> bool:
    values = values[np.isfinite(values)]
    return bool(values.min() > 0 and values.max() >= LOG_FROM * values.min())


def _plain(value: float, _: Any = None) -> str:
    words = f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:g}"
    return words.replace("-", "\N{MINUS SIGN}")


def _mark(run: Run, colour: str) -> dict[str, Any]:
    """A line's colour, and marks where one epoch alone would leave no line."""
    return {"color": LIGHT[colour], "marker": "o" if len(run.epochs) == 1 else None}


def _loss_axes(axes: Axes, run: Run, losses: np.ndarray) -> None:
    there = losses[np.isfinite(losses)]
    if there.size and there.min() > 0:
        axes.set_yscale("log")
        if there.max() < LOG_FROM * there.min():  # few powers of ten lie in so small a range
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlabel="epoch", ylabel="training loss")


# --- learning rate --------------------------------------------------------------------------------


def _groups(run: Run) -> list[tuple[str, str, np.ndarray]]:
    """Label, colour and (networks,) bool for each choice of what best tells networks apart."""
    for name in GROUPED_BY:
        if name in run.varied:
            choices = _ordered(np.unique(run.table[name]))
            if len(choices) <= len(GROUPS):
                return [
                    (choice or "none", colour, run.table[name] == choice)
                    for choice, colour in zip(choices, GROUPS, strict=False)
                ]
    return [("one network", "many", np.ones(len(run), bool))]


def _trend(axes: Axes, rates: np.ndarray, scores: np.ndarray, log: bool) -> None:
    """The median score of networks with about the same learning rate."""
    x = np.log(rates) if log else rates
    if len(x) < 4 * BINS or np.ptp(x) == 0:
        return
    edges = np.linspace(x.min(), x.max(), BINS + 1)
    bins = np.clip(np.searchsorted(edges, x, "right") - 1, 0, BINS - 1)
    filled = [k for k in range(BINS) if (bins == k).sum() >= 3]
    middles = [np.median(scores[bins == k]) for k in filled]
    places = (edges[filled] + edges[np.array(filled) + 1]) / 2
    places = np.exp(places) if log else places
    axes.plot(places, middles, color=LIGHT["ink"], linewidth=2, label="median")


def _rug(axes: Axes, rates: np.ndarray, most: int) -> None:
    """Learning rates of networks that have no score, along the bottom."""
    if len(rates):
        rates = np.sort(rates)[_thinned(len(rates), most // 4)]
        axes.plot(
            rates,
            np.full(len(rates), 0.015),
            "|",
            color=LIGHT["muted"],
            markersize=9,
            alpha=0.7,
            transform=axes.get_xaxis_transform(),
            label="diverged",
        )


# --- parallel coordinates -------------------------------------------------------------------------


class _Scale:
    """An axis of its own for each column: where values lie from 0 to 1, and where ticks do."""

    MISSING = -0.13

    def __init__(self, values: np.ndarray, name: str) -> None:
        self.heights: np.ndarray
        self.ticks: list[tuple[float, str]]
        if values.dtype.kind in "UOb" or name == "nesterov":
            self._choices(values)
        else:
            self._numbers(values.astype(np.float64))
        self.missing = bool((self.heights == self.MISSING).any())

    def _choices(self, values: np.ndarray) -> None:
        text = np.array([str(value) for value in values])
        choices = _ordered(np.unique(text[text != ""]))
        steps = {choice: k / max(len(choices) - 1, 1) for k, choice in enumerate(choices)}
        self.heights = np.array([steps.get(choice, self.MISSING) for choice in text.tolist()])
        every = -(-len(choices) // 12)
        self.ticks = [(steps[choice], choice) for choice in choices[::every]]

    def _numbers(self, values: np.ndarray) -> None:
        there = values[np.isfinite(values)]
        if not len(there):  # only networks that diverged have one
            self.heights, self.ticks = np.full(len(values), self.MISSING), []
            return
        low, high = there.min(), there.max()
        log = _is_log(there)
        ticks = np.unique(there)
        if len(ticks) > FEW or any(len(_plain(tick)) > 5 for tick in ticks):
            locator = LogLocator(numticks=6) if log else MaxNLocator(5)
            ticks = np.asarray(locator.tick_values(low, high))
            ticks = ticks[(ticks >= low) & (ticks <= high)]
        if log:
            low, high, ticks, values = (np.log(part) for part in (low, high, ticks, values))
        span = high - low or 1.0
        heights = (values - low) / span
        self.heights = np.where(np.isfinite(heights), heights, self.MISSING)
        words = np.exp(ticks) if log else ticks
        self.ticks = [
            (float(height), _plain(float(word)))
            for height, word in zip((ticks - low) / span, words.round(12), strict=True)
        ]


def _axis(axes: Axes, place: int, scale: _Scale) -> None:
    """Draw a column's axis with its ticks."""
    axes.plot([place, place], [0, 1], color=LIGHT["ink"], linewidth=1, zorder=3)
    ticks = scale.ticks + ([(scale.MISSING, "none")] if scale.missing else [])
    for height, word in ticks:
        axes.annotate(
            word,
            (place, height),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=11,
            zorder=4,
            bbox={"facecolor": LIGHT["paper"], "alpha": 0.8, "linewidth": 0, "pad": 1.0},
        )
        axes.plot(place, height, "_", color=LIGHT["ink"], markersize=6, zorder=3)


def _ordered(choices: np.ndarray) -> list[Any]:
    """Choices by their numbers, such as 8, 16, 16x16, or by the alphabet."""

    def key(choice: Any) -> tuple[int, list[int], str]:
        widths = [int(part) for part in re.findall(r"\d+", str(choice))]
        return len(widths), widths, str(choice)

    return sorted(choices.tolist(), key=key)


def _broken(name: str) -> str:
    """A name in lines."""
    return name.replace("_", "\n").replace(" ", "\n")


# --- time line ------------------------------------------------------------------------------------


def _scores_in_time(axes: Axes, run: Run, timed: np.ndarray, seconds: float, most: int) -> None:
    """A dot for each network when it ended, and the best score so far."""
    ended, scores = run.ended / seconds, run.shown_scores
    shown = timed[_thinned(len(timed), most)]
    axes.scatter(
        ended[shown],
        scores[shown],
        s=_size(len(shown)),
        alpha=0.6,
        linewidths=0,
        color=LIGHT["many"],
        label="one network",
    )
    times, best = best_so_far(run)
    times = np.append(times, np.nanmax(run.ended)) / seconds
    best = np.append(np.maximum(best, scores[timed].min()), best[-1])
    axes.plot(
        times, best, color=LIGHT["best"], drawstyle="steps-post", linewidth=2, label="best so far"
    )
    axes.set_ylabel(_score_name(run))


def _spans(axes: Axes, run: Run, seconds: float, most: int) -> None:
    """A line for each network, from when it began to when it ended."""
    timed = np.flatnonzero(np.isfinite(run.started) & np.isfinite(run.ended))
    timed = timed[np.argsort(run.table["network"][timed])]
    shown = timed[_thinned(len(timed), most)]
    height = 160.0  # of the axes, about, in points
    thick = float(np.clip(height / max(len(shown), 1), 1.2, 6.0))
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
                linewidth=thick,
                capstyle="round",  # shows what is shorter than a line is thick
                label=label,
            )
