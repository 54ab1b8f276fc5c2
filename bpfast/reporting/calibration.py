"""Calibration: whether what is predicted with some probability is true that often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.calibration import calibration_curve

from .captions import Caption, percent, points
from .drawing import add_legend, new_figure
from .run import Run
from .style import LIGHT

BINS = 10  # of probabilities, equally wide


class Calibration(NamedTuple):
    """Probabilities of what may be true, and whether it is.

    Attributes
    ----------
    what : that they are probabilities of, in words
    happened : (rows,) bool
    probability : (rows,) float64
    """

    what: str
    happened: np.ndarray
    probability: np.ndarray

    @classmethod
    def of(cls, run: Run) -> Calibration:
        """Of the second of two classes, of the predicted one of many, or of all labels together."""
        assert run.predictions is not None
        truth, predicted = run.predictions.truth, run.predictions.predicted
        if run.kind == "labels":
            return cls("a label", truth.ravel() == 1, predicted.ravel())
        if len(run.predictions.names) == 2:
            return cls(f"class {run.predictions.names[1]}", truth == 1, predicted[:, 1])
        most = predicted.argmax(axis=1)
        return cls("the predicted class", truth == most, predicted.max(axis=1))

    @property
    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean probability and share of what is true, in each bin that holds rows."""
        shares, means = calibration_curve(self.happened, self.probability, n_bins=BINS)
        return means, shares

    @property
    def counts(self) -> np.ndarray:
        """How many probabilities lie in each bin that holds some."""
        edges = np.linspace(0.0, 1.0, BINS + 1)
        bins = np.searchsorted(edges[1:-1], self.probability)  # as scikit-learn has them
        return np.bincount(bins, minlength=BINS)[np.unique(bins)]

    @property
    def error(self) -> float:
        """The expected calibration error: how far shares lie from probabilities, by rows."""
        means, shares = self.curve
        return float(np.average(np.abs(means - shares), weights=self.counts))


def draw(run: Run, width: int) -> Figure:
    """Shares by probabilities above, and below how many rows have which probability."""
    calibration = Calibration.of(run)
    figure = new_figure(width, 480)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=LIGHT["muted"], linestyle="--", label="perfectly calibrated")
    upper.plot(*calibration.curve, color=LIGHT["many"], linewidth=1.5, label="observed")
    sizes = 15 + 185 * calibration.counts / calibration.counts.max()  # in square points
    upper.scatter(*calibration.curve, s=sizes, color=LIGHT["many"], linewidths=0)
    lower.hist(calibration.probability, BINS, range=(0.0, 1.0), color=LIGHT["many"], alpha=0.6)
    upper.set(ylabel="share that is true", ylim=(-0.03, 1.03))
    lower.set(xlabel=f"predicted probability of {calibration.what}", ylabel="count")
    for axis in (upper.yaxis, lower.xaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    add_legend(figure, upper)
    return figure


def caption(run: Run) -> Caption:
    """How probabilities compare with what is true, on average and in the bins."""
    assert run.predictions is not None
    what, happened, probability = calibration = Calibration.of(run)
    cases = "cases" if run.kind == "labels" else "rows"
    return Caption(
        True,
        f"On the {run.predictions.part} part, {what} has a probability of "
        f"{percent(probability.mean())} on average, and is true in {percent(happened.mean())} of "
        f"the {cases}. Within each tenth of the probabilities, the two differ by "
        f"{points(calibration.error)} on average (the expected calibration error).",
    )
