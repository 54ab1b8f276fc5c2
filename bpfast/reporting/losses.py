"""Training losses by epoch: those of the best networks, and how those of all are spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .captions import FIRST, Caption, number, percent
from .drawing import add_legend, first_label, line_style, new_axes, set_log
from .run import Run
from .style import LIGHT

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SMALL_FALL = 0.05  # share of a loss; after a smaller fall, more epochs help little


def draw_best(run: Run, width: int) -> Figure:
    """Losses of the best networks, one by one."""
    figure, axes = new_axes(width, 380)
    few = run.losses[:FIRST]
    for losses in few[:0:-1]:
        axes.plot(run.epochs, losses, color=LIGHT["many"], alpha=0.55, linewidth=1.2)
    if np.isfinite(few[1:]).any():
        others = f"others of the first {len(few)}"
        axes.plot([], [], color=LIGHT["many"], alpha=0.7, label=others)
    axes.plot(run.epochs, few[0], linewidth=2.4, label=first_label(run), **line_style(run, "best"))
    _set_scales(axes, few)
    add_legend(figure, axes)
    return figure


def draw_quantiles(run: Run, width: int) -> Figure:
    """Quantiles of the losses of all networks."""
    figure, axes = new_axes(width, 380)
    finite = np.isfinite(run.losses).any(axis=0)
    epochs = run.epochs[finite]
    lowest, low, middle, high, highest = np.nanquantile(run.losses[:, finite], QUANTILES, axis=0)
    band: dict[str, Any] = {"color": LIGHT["many"], "linewidth": 0}
    axes.fill_between(epochs, lowest, highest, alpha=0.18, label="5% to 95%", **band)
    axes.fill_between(epochs, low, high, alpha=0.35, label="25% to 75%", **band)
    axes.plot(epochs, middle, linewidth=2, label="median", **line_style(run, "many"))
    first = run.losses[0]
    axes.plot(run.epochs, first, linewidth=2, label=first_label(run), **line_style(run, "best"))
    _set_scales(axes, np.stack([lowest, highest]))
    add_legend(figure, axes)
    return figure


def _set_scales(axes: Axes, losses: np.ndarray) -> None:
    finite = losses[np.isfinite(losses)]
    if finite.size and finite.min() > 0:
        set_log(axes, "y", finite)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set(xlabel="epoch", ylabel="training loss")


def caption_best(run: Run) -> Caption:
    """How the winner's loss went, and whether it was still falling."""
    finite = np.isfinite(run.losses[0])
    epochs, losses = run.epochs[finite], run.losses[0][finite]
    if not len(losses):
        return Caption(False, "The first network has no finite loss, so there is no curve of it.")
    whose = "The best network's" if len(run.scored) else "The first network's"
    if run.table["diverged"][0]:
        whose = "The first network diverged: until then its"
    text = f"{whose} training loss{f', a mean over {run.folds} folds,' if run.folds else ''} "
    if len(losses) == 1:
        return Caption(True, f"{text}was {number(losses[0])} in epoch {epochs[0]}.")
    text += f"went from {number(losses[0])} in epoch {epochs[0]} to {number(losses[-1])} in "
    return Caption(True, f"{text}epoch {epochs[-1]}; {_trend(run, epochs, losses)}.")


def _trend(run: Run, epochs: np.ndarray, losses: np.ndarray) -> str:
    """What a loss did in its last fifth, and what may help."""
    start = int(0.8 * (len(losses) - 1))
    before, last = float(losses[start]), float(losses[-1])
    since = f"since epoch {epochs[start]} it"
    if last == before:
        return f"{since} stood still"
    direction = "rose" if last > before else "fell"
    change = abs(last - before) / before if before > 0 else np.inf
    share = percent(change).replace("<", "less than").replace(">", "more than")
    amount = f"by {share}" if change <= 1 else f"from {number(before)} to {number(last)}"
    if run.table["diverged"][0] or "stopped" in run.table:  # patience says how long is enough
        return f"{since} {direction} {amount}"
    if direction == "rose":
        return f"{since} {direction} {amount}: a smaller learning rate may help"
    little = " little" if change < SMALL_FALL else ""
    return f"{since} {direction} {amount}: more epochs may help{little}"


def caption_quantiles(run: Run) -> Caption:
    """How the networks' losses are spread in the last epoch."""
    finite = np.isfinite(run.losses)
    if not finite.any():
        return Caption(False, "No network has a finite loss, so there are no curves.")
    if len(run) == 1:
        return Caption(False, "There is one network, and its curve is above.")
    column = np.flatnonzero(finite.any(axis=0))[-1]
    last, missing = run.losses[finite[:, column], column], ~finite[:, column]
    low, middle, high = np.quantile(last, (0.25, 0.5, 0.75))
    text = f"In epoch {run.epochs[column]}, "
    if len(last) == 1:
        text += f"the one network that came so far has a training loss of {number(middle)}"
    else:
        text += (
            f"the training losses of the {len(last):,} networks that came so far have a median of "
            f"{number(middle)}, and quartiles of {number(low)} and {number(high)}"
        )
    return Caption(True, f"{text}{_why_missing(run, missing)}.")


def _why_missing(run: Run, missing: np.ndarray) -> str:
    """What became of networks that have no loss in the last epoch."""
    stopped = run.through & ~run.had_all & ~run.table["diverged"]
    known = run.table["diverged"] | run.let_go | run.unfinished | stopped
    counts = {
        "diverged": missing & run.table["diverged"],
        "let go": missing & run.let_go,
        "on the way": missing & run.unfinished,
        "out of patience": missing & stopped,
        "without a finite loss": missing & ~known,
    }
    words = [f"{rows.sum():,} {became}" for became, rows in counts.items() if rows.any()]
    return f"; the others: {', '.join(words)}" if words else ""
