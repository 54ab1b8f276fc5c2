"""Predicted numbers by true ones, and how far they are apart."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..plurals import many
from .captions import Caption, number
from .drawing import draw_dots, is_log, new_figure, set_log, thinned, tick_label
from .predictions import Predictions
from .run import Run
from .style import LIGHT, MARKS, WIDE

OUTPUTS = 4  # that are drawn, and told of
BINS = 30  # of residuals


def draw(run: Run, width: int) -> Figure:
    """For each output a dot a row, and a histogram of the residuals beside it."""
    assert run.predictions is not None
    outputs = min(OUTPUTS, len(run.predictions.names))
    beside = width == WIDE
    rows, columns = (outputs, 2) if beside else (2 * outputs, 1)
    figure = new_figure(width, 330 * outputs if beside else 560 * outputs)
    panels = figure.subplots(rows, columns, squeeze=False).reshape(outputs, 2)
    for k, (left, right) in enumerate(panels):
        name = run.predictions.names[k]
        truth, predicted = run.predictions.truth[:, k], run.predictions.predicted[:, k]
        _draw_predicted(left, truth, predicted, name, MARKS[width] // outputs)
        _draw_residuals(right, predicted - truth, name)
    return figure


def _draw_predicted(
    axes: Axes, truth: np.ndarray, predicted: np.ndarray, name: str, most: int
) -> None:
    """A dot for each row, and the line on which predictions are true."""
    shown = thinned(len(truth), most)
    draw_dots(axes, truth[shown], predicted[shown], len(shown), alpha=0.5, color=LIGHT["many"])
    both = np.concatenate([truth, predicted])
    ends = both.min(), both.max()
    axes.plot(ends, ends, color=LIGHT["muted"], linestyle="--")
    axes.set(xlabel=f"true {name}".strip(), ylabel=f"predicted {name}".strip())
    for which, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if is_log(both):
            set_log(axes, which, both)
        else:
            axis.set_major_locator(MaxNLocator(5))
            axis.set_major_formatter(FuncFormatter(tick_label))


def _draw_residuals(axes: Axes, residuals: np.ndarray, name: str) -> None:
    """How many rows are off by how much."""
    axes.hist(residuals, BINS, color=LIGHT["many"], alpha=0.6)
    axes.axvline(0.0, color=LIGHT["muted"], linestyle="--")
    axes.set(xlabel=f"predicted minus true {name}".strip(), ylabel="rows")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(tick_label))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def caption(run: Run) -> Caption:
    """How far off predictions are, in the target's units."""
    assert run.predictions is not None
    predictions = run.predictions
    if not np.isfinite(predictions.predicted).all():
        return Caption(False, f"Predictions for the {predictions.part} part are not finite.")
    outputs = len(predictions.names)
    told = [_told(predictions, k) for k in range(min(OUTPUTS, outputs))]
    text = f"On the {predictions.part} part: {'; '.join(told)}."
    if outputs > OUTPUTS:
        text += f" These are the first {OUTPUTS} of {outputs:,} outputs."
    most = MARKS[WIDE] // min(OUTPUTS, outputs)
    if len(predictions) > most:
        text += f" At most {most:,} of {many(len(predictions), 'row')} are drawn as dots."
    return Caption(True, text)


def _told(predictions: Predictions, output: int) -> str:
    """How far off the predictions of one output are."""
    residuals = predictions.predicted[:, output] - predictions.truth[:, output]
    off = np.abs(residuals)
    worst, mean = int(off.argmax()), float(residuals.mean())
    name = predictions.names[output]
    way = "too high" if mean > 0 else "too low"
    return (
        f"{f'{name} is' if name else 'predictions are'} off by {number(np.median(off))} or less in "
        f"half of the rows, by {number(np.quantile(off, 0.9))} or less in nine of ten, and on "
        f"average {number(abs(mean))} {way}; the farthest off is row {predictions.rows[worst]:,}, "
        f"with {number(predictions.predicted[worst, output])} in place of "
        f"{number(predictions.truth[worst, output])}"
    )
