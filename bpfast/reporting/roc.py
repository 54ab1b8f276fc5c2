"""ROC curves: how well probabilities put rows of a class, or with a label, before the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import roc_auc_score, roc_curve

from .captions import Caption, percent, shortened
from .drawing import add_legend, new_axes
from .run import Run
from .style import LIGHT, SERIES

LONGEST = 20  # letters of a name in the legend


class Curve(NamedTuple):
    """One class, or one label, against all else.

    Attributes
    ----------
    name : of the class or label
    is_true : (rows,) bool
    probability : (rows,) float64
    """

    name: str
    is_true: np.ndarray
    probability: np.ndarray

    @property
    def area(self) -> float:
        """The area under the curve."""
        return float(roc_auc_score(self.is_true, self.probability))


def curves_of(run: Run) -> list[Curve]:
    """A curve for each label, for each of many classes, or for the second of two.

    Those that all rows of the part have, or none, have no curve.
    """
    assert run.predictions is not None
    truth, predicted, names = (getattr(run.predictions, n) for n in ("truth", "predicted", "names"))
    is_true = truth == 1 if run.kind == "labels" else truth[:, None] == np.arange(len(names))
    first = 1 if run.kind == "classes" and len(names) == 2 else 0
    found = [Curve(names[k], is_true[:, k], predicted[:, k]) for k in range(first, len(names))]
    return [curve for curve in found if 0 < curve.is_true.sum() < len(truth)]


def draw(run: Run, width: int) -> Figure:
    """True positives by false positives; of many curves the worst stands out."""
    figure, axes = new_axes(width, 480)
    curves = sorted(curves_of(run), key=lambda curve: curve.area)
    axes.plot([0, 1], [0, 1], color=LIGHT["muted"], linestyle="--", label="guessing")
    few = len(curves) <= len(SERIES)
    for k, curve in enumerate(curves):
        false, true, _ = roc_curve(curve.is_true, curve.probability)
        label = f"{shortened(curve.name, LONGEST)}, area {curve.area:.3f}"
        if few:
            axes.plot(false, true, color=LIGHT[SERIES[k]], linewidth=2, label=label)
        elif k:
            others = f"{len(curves) - 1} others" if k == 1 else None
            axes.plot(false, true, color=LIGHT["many"], alpha=0.4, linewidth=1, label=others)
        else:
            axes.plot(false, true, color=LIGHT["best"], linewidth=2, zorder=3, label=label)
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    add_legend(figure, axes)
    return figure


def caption(run: Run) -> Caption:
    """The areas under the curves; of a single one, what a threshold of one half does too."""
    assert run.predictions is not None
    part, curves = run.predictions.part, curves_of(run)
    if not curves:
        return Caption(False, f"All rows of the {part} part are alike, so there is no curve.")
    if len(curves) > 1 or run.kind == "labels":
        return Caption(True, _of_many(part, curves))
    (curve,) = curves
    taken = curve.probability > 0.5
    found, wrong = taken[curve.is_true].mean(), taken[~curve.is_true].mean()
    return Caption(
        True,
        f"On the {part} part, the area under the curve of class {curve.name} is {curve.area:.3f}. "
        f"With a threshold of one half, {percent(found)} of its rows are found, and "
        f"{percent(wrong)} of the others are taken for it.",
    )


def _of_many(part: str, curves: list[Curve]) -> str:
    areas = [curve.area for curve in curves]
    least, most = int(np.argmin(areas)), int(np.argmax(areas))
    text = f"On the {part} part, the area under the curve goes from {areas[least]:.3f} "
    text += f"({curves[least].name}) to {areas[most]:.3f} ({curves[most].name}), each against all "
    return f"{text}others; the mean is {np.mean(areas):.3f}."
