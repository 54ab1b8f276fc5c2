"""How far a fit is, and a bar that shows it on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from ..kernels.task import Task
from .history import latest
from .state import epochs_done, sample_updates

BAR_WIDTH = 24


@dataclass(frozen=True)
class Progress:
    """How far a fit is; what a ``progress`` callable is given.

    Attributes
    ----------
    done, total : epochs of single networks; those that stopped early count as done
    seconds : since the fit began
    rate : sample-updates a second so far
    loss : (n,) latest recorded training loss of each network, NaN before the first
    """

    done: int
    total: int
    seconds: float
    rate: float
    loss: np.ndarray


Show = Callable[[Progress], None]


def progress_of(task: Task, seconds: float) -> Progress:
    """How far a training is that began so many seconds ago."""
    state = task.state
    total = len(state.status) * task.epochs
    rate = sample_updates(task) / seconds
    return Progress(epochs_done(task), total, seconds, rate, latest(state.loss))


def display(progress: Show | bool | None) -> AbstractContextManager[Show | None]:
    """What shows progress as :func:`bpfast.fit` was asked to; None where nothing does."""
    if callable(progress):
        return nullcontext(progress)
    if progress not in (None, False, True):
        raise TypeError(f"progress must be None, False or a callable, got {progress!r}")
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    return Bar() if progress is not False and (progress or on_terminal) else nullcontext()


class Bar:
    """One line on stderr, drawn over itself: share done, rate and time left."""

    def __enter__(self) -> Show:
        return self.show

    def __exit__(self, *_: object) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    def show(self, progress: Progress) -> None:
        """Draw how far a fit is."""
        share = progress.done / progress.total
        filled = int(share * BAR_WIDTH)
        left = progress.seconds * (1.0 / share - 1.0) if share > 0 else float("inf")
        sys.stderr.write(
            f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}  "
            f"{progress.rate:.2e} sample-updates/s  {left:.0f} s left \x1b[K"
        )
        sys.stderr.flush()
