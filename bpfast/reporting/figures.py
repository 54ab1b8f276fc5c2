"""The figures of a report in their order: heading, caption and drawing of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from . import (
    calibration,
    column_importance,
    confusion,
    dependence,
    importance,
    learning_rate,
    losses,
    parallel,
    residuals,
    roc,
    score_by_time,
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
    needs : what a :class:`Run` must have for it, beside its table
    """

    title: str
    caption: Callable[[Run], Caption]
    draw: Callable[[Run, int], Figure]
    kinds: tuple[str, ...] = ()
    needs: str = ""


# By the names of their files.
FIGURES = {
    "confusion": ReportFigure(
        "Confusion matrix of the best network",
        confusion.caption,
        confusion.draw,
        ("classes",),
        "predictions",
    ),
    "roc": ReportFigure(
        "ROC curves of the best network",
        roc.caption,
        roc.draw,
        ("classes", "labels"),
        "predictions",
    ),
    "calibration": ReportFigure(
        "Calibration of the best network",
        calibration.caption,
        calibration.draw,
        ("classes", "labels"),
        "predictions",
    ),
    "residuals": ReportFigure(
        "Predictions of the best network",
        residuals.caption,
        residuals.draw,
        ("numbers",),
        "predictions",
    ),
    "column_importance": ReportFigure(
        "Which columns matter",
        column_importance.caption,
        column_importance.draw,
        needs="inspection",
    ),
    "dependence": ReportFigure(
        "Predictions by a column's value", dependence.caption, dependence.draw, needs="inspection"
    ),
    "score_by_time": ReportFigure(
        "Score against time", score_by_time.caption, score_by_time.draw, needs="curve"
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
    """The figures of a run, by the names of their files: those that it has something for."""
    return {name: figure for name, figure in FIGURES.items() if _is_of(figure, run)}


def _is_of(figure: ReportFigure, run: Run) -> bool:
    if figure.needs and getattr(run, figure.needs) is None:
        return False
    return not figure.kinds or run.kind in figure.kinds


def render(name: str, run: Run, width: int, *formats: str) -> list[bytes]:
    """A figure as files: it is drawn and laid out once for all of them.

    Parameters
    ----------
    name : one of FIGURES
    width : WIDE or NARROW
    formats : "svg" or "png"
    """
    blank: Any = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # they differ by the day
    options = {"svg": {"metadata": blank}, "png": {"dpi": 150}}
    rendered = []
    with mpl.rc_context(STYLE):
        figure = FIGURES[name].draw(run, width)
        for file_format in formats:
            file = io.BytesIO()
            figure.savefig(file, format=file_format, **options[file_format])
            figure.set_layout_engine("none")  # what is laid out stays as it is
            rendered.append(file.getvalue())
    return rendered
