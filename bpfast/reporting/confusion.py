"""The confusion matrix: which classes the first network takes for which."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.metrics import confusion_matrix

from ..plurals import many
from .captions import Caption, percent, shortened
from .drawing import new_axes
from .predictions import Predictions
from .run import Run
from .style import LIGHT, NARROW, WIDE

COUNTED = {WIDE: 20, NARROW: 8}  # most classes whose cells hold counts, by the figure's width
NAMED = {WIDE: 24, NARROW: 10}  # most classes that are named along an axis
LONGEST = 14  # letters of a name
CELL, LARGEST = 38, {WIDE: 700, NARROW: 330}  # pixels of a cell's side, and of all of them
# Opacities of a cell with all rows of a class, and with few: text can be read on either theme's.
DARKEST, LIGHTEST = 0.6, 0.15


def draw(run: Run, width: int) -> Figure:
    """A cell for each pair of true and predicted class: the more of the true class, the darker."""
    assert run.predictions is not None
    counts = confusion_of(run.predictions)
    classes = len(counts)
    size = min(max(240, CELL * classes), LARGEST[width])
    figure, axes = new_axes(width, 70 + size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = LIGHT["many" if row == column else "best"]
        corner = (column - 0.5, row - 0.5)
        shade = max(LIGHTEST, DARKEST * shares[row, column])
        axes.add_patch(Rectangle(corner, 1, 1, color=colour, alpha=shade, linewidth=0))
    if classes <= COUNTED[width]:
        _write_counts(axes, counts)
    _label(axes, run.predictions.names, width)
    return figure


def _write_counts(axes: Axes, counts: np.ndarray) -> None:
    """Write how many rows are in each cell."""
    size = float(np.clip(150 / len(counts), 8, 12))
    for row, column in zip(*np.nonzero(counts), strict=True):
        text = f"{counts[row, column]:,}"
        axes.text(column, row, text, ha="center", va="center", fontsize=size)


def _label(axes: Axes, names: list[str], width: int) -> None:
    """Name the classes along both axes; where there are many, some of them."""
    classes = len(names)
    every = -(-classes // NAMED[width])
    ticks = np.arange(0, classes, every)
    short = [shortened(name, LONGEST) for name in names[::every]]
    letters = max(map(len, short)) * len(short)
    axes.set_xticks(ticks, short, rotation=90 if letters > width / 12 else 0)
    axes.set_yticks(ticks, short)
    axes.set(
        xlim=(-0.5, classes - 0.5),
        ylim=(classes - 0.5, -0.5),
        xlabel="predicted class",
        ylabel="true class",
        aspect="equal",
    )
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def confusion_of(predictions: Predictions) -> np.ndarray:
    """(true, predicted) counts of rows."""
    predicted = predictions.predicted.argmax(axis=1)
    return confusion_matrix(predictions.truth, predicted, labels=range(len(predictions.names)))


def caption(run: Run) -> Caption:
    """How many rows are right, which class is found least often, and what is confused most."""
    assert run.predictions is not None
    counts, names = confusion_of(run.predictions), run.predictions.names
    rows, right = int(counts.sum()), int(np.trace(counts))
    text = f"Of {many(rows, 'row')} of the {run.predictions.part} part, {right:,} "
    text += f"{'is' if right == 1 else 'are'} predicted right ({percent(right / rows)})"
    if right == rows:
        return Caption(True, f"{text}.")
    totals = counts.sum(axis=1)
    there = np.flatnonzero(totals)
    found = np.diag(counts)[there] / totals[there]
    least = there[found.argmin()]
    text += f". The class found least often is {names[least]}: {counts[least, least]:,} of its "
    text += f"{many(int(totals[least]), 'row')}"
    wrong = counts - np.diag(np.diag(counts))
    true, predicted = np.unravel_index(wrong.argmax(), wrong.shape)
    text += f". The commonest mistake is {names[predicted]} in place of {names[true]}, in "
    return Caption(True, f"{text}{many(int(wrong.max()), 'row')}.")
