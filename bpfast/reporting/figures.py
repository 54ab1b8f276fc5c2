"""The figures of a report in their order: heading, caption and drawing of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from . import (
    calibration,
    confusion,
    importance,
    learning_rate,
    losses,
    parallel,
    residuals,
    roc,
    timeline,
)
from .captions import Caption
from .run import Run
from .style import STYLE


class ReportFigure(NamedTuple):
    """A figure of the report.

    Attributes
    ----------
    title : the heading above it
    caption : gives the sentence about it; it is drawn only if that sentence is about a figure
    draw : gives the drawing for a run and a width in pixels
    kinds : of a figure of predictions: what must be predicted for there to be such a figure
    """

    title: str
    caption: Callable[[Run], Caption]
    draw: Callable[[Run, int], Figure]
    kinds: tuple[str, ...] = ()


# By the names of their files.
FIGURES = {
    "confusion": ReportFigure(
        "Confusion matrix of the best network", confusion.caption, confusion.draw, ("classes",)
    ),
    "roc": ReportFigure(
        "ROC curves of the best network", roc.caption, roc.draw, ("classes", "labels")
    ),
    "calibration": ReportFigure(
        "Calibration of the best network",
        calibration.caption,
        calibration.draw,
        ("classes", "labels"),
    ),
    "residuals": ReportFigure(
        "Predictions of the best network", residuals.caption, residuals.draw, ("numbers",)
    ),
    "loss_best": ReportFigure("Loss of the best networks", losses.caption_best, losses.draw_best),
    "loss_quantiles": ReportFigure(
        "Loss of all networks", losses.caption_quantiles, losses.draw_quantiles
    ),
    "learning_rate": ReportFigure(
        "Learning rate against score", learning_rate.caption, learning_rate.draw
    ),
    "parallel": ReportFigure("Hyperparameters of every network", parallel.caption, parallel.draw),
    "importance": ReportFigure("What mattered", importance.caption, importance.draw),
    "timeline": ReportFigure("Time line", timeline.caption, timeline.draw),
}


def figures_of(run: Run) -> dict[str, ReportFigure]:
    """The figures of a run, by the names of their files: those of predictions if it has some."""
    own = () if run.predictions is None else (run.kind,)
    return {
        name: figure
        for name, figure in FIGURES.items()
        if not figure.kinds or {*figure.kinds} & {*own}
    }


def render(name: str, run: Run, width: int, file_format: str) -> bytes:
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
        figure = FIGURES[name].draw(run, width)
        if file_format == "svg":
            figure.savefig(file, format="svg", metadata=blank)
        else:
            figure.savefig(file, format="png", dpi=150)
    return file.getvalue()
