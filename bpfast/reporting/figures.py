"""The figures of a report in their order: heading, caption and drawing of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from . import importance, learning_rate, losses, parallel, timeline
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
    """

    title: str
    caption: Callable[[Run], Caption]
    draw: Callable[[Run, int], Figure]


# By the names of their files.
FIGURES = {
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
