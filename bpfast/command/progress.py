"""A sweep's progress: a bar on a terminal, or else a line now and then."""

from __future__ import annotations

import math
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..plurals import many
from ..sweeps.metrics import Metric
from ..sweeps.progress import SweepProgress

SECONDS_A_LINE = 10.0  # between lines where there is no terminal
WIDE = 110  # characters of a terminal
LEAST_SHARE = 0.02  # of the work; with less done, a rate says little about the time left


class SweepDisplay:
    """A bar with rate and time left; a context manager that removes the bar."""

    def __init__(self, console: Console) -> None:
        self.console, self.bar, self.last = console, _bar(console), time.monotonic()
        self.task = self.bar.add_task("", total=None, words="", rate="compiling or loading kernels")

    def __enter__(self) -> SweepDisplay:
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self.console.is_terminal:
            self.bar.stop()

    def show(self, progress: SweepProgress) -> None:
        """Draw how far the sweep has come."""
        rate = f"{progress.rate / 1e6:.2f} M sample-updates/s{networks_so_far(progress)}"
        self.bar.update(
            self.task,
            total=1.0,
            completed=progress.share,
            words=progress.architecture,
            rate=rate,
        )
        due = time.monotonic() - self.last > SECONDS_A_LINE and progress.share > LEAST_SHARE
        if due and not self.console.is_terminal:
            self.last = time.monotonic()
            line = f"{progress.share:4.0%}  {rate}  {progress.left:.0f} s left"
            self.console.print(line, highlight=False)


def networks_so_far(progress: SweepProgress) -> str:
    """How many networks have ended, the best score of these, and what became of the others."""
    if not progress.networks:
        return ""
    words = [many(progress.networks, "network")]
    if math.isfinite(progress.best):
        metric = Metric(progress.metric)
        words += [f"best {metric.label} {metric.format(progress.best)}"]
    words += [f"{progress.diverged} diverged"] * (progress.diverged > 0)
    words += [f"{progress.pruned} let go"] * (progress.pruned > 0)
    return "  " + ", ".join(words)


def _bar(console: Console) -> Progress:
    # a narrow terminal has room for how far it is, or for what is trained
    words = [TextColumn("{task.fields[words]}")] * (console.width >= WIDE)
    return Progress(
        *words,
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
