"""Which hyperparameters matter."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from .captions import Caption, percent
from .drawing import new_axes
from .run import Run
from .style import LIGHT


def draw(run: Run, width: int) -> Figure:
    """A bar for each hyperparameter's share of the importance."""
    figure, axes = new_axes(width, 90 + 34 * len(run.importance))
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


def caption(run: Run) -> Caption:
    """The two most important hyperparameters."""
    if not run.importance:
        return Caption(False, f"There is no importance to show: {run.no_importance}.")
    first, *others = run.importance
    text = f"{first} has {percent(run.importance[first])} of the importance for being among the "
    text += "best tenth"
    if not run.through.all():
        text += " of those that were trained to their end"
    if others:
        text += f", {others[0]} {percent(run.importance[others[0]])}"
    text += f" (Optuna's PED-ANOVA, of {many(len(run.finished), 'network')})."
    return Caption(True, text)
