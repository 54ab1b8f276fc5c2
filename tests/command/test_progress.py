"""What a sweep's progress says, as a bar on a terminal, and as lines in a file."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from bpfast.command import progress
from bpfast.command.progress import SweepDisplay, networks_so_far
from bpfast.sweeps.progress import SweepProgress


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ((0, -np.inf, 0, 0), ""),
        ((1, -np.inf, 1, 0), "  1 network, 1 diverged"),
        ((1, 0.5, 0, 0), "  1 network, best accuracy 0.5000"),
        ((4, -np.inf, 4, 0), "  4 networks, 4 diverged"),
        ((20, 0.98765, 2, 18), "  20 networks, best accuracy 0.9877, 2 diverged, 18 let go"),
    ],
)
def test_what_progress_says(reached, words):
    assert networks_so_far(SweepProgress(1, 2, 1.0, 3e6, "8 relu adam", *reached)) == words


def test_the_best_loss_has_no_minus():
    reached = SweepProgress(1, 2, 1.0, 3e6, "8", 1, best=-0.41234, metric="neg_log_loss")
    assert networks_so_far(reached) == "  1 network, best log loss 0.4123"


def test_a_file_gets_a_line_now_and_then(monkeypatch):
    file, moments = io.StringIO(), iter((0.0, 9.0, 11.0, 11.0, 12.0, 30.0))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with SweepDisplay(Console(file=file, width=200)) as display:
        for done in (10, 20, 30, 1):  # after 9, 11, 12 and 30 seconds
            display.show(SweepProgress(done, 100, 8.0, 3e6, "8 relu adam"))
    assert file.getvalue() == " 20%  3.00 M sample-updates/s  32 s left\n"


def test_a_line_has_the_time_that_is_left(monkeypatch):
    file, moments = io.StringIO(), iter((0.0, 11.0, 11.0))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with SweepDisplay(Console(file=file, width=200)) as display:
        display.show(SweepProgress(10, 1 << 40, 12.0, 3e6, "8 relu adam", limit=48.0))
    assert file.getvalue() == " 25%  3.00 M sample-updates/s  36 s left\n"


def test_a_narrow_terminal_has_how_far_it_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    file = io.StringIO()
    with SweepDisplay(Console(file=file, force_terminal=True, width=80)) as display:
        display.show(SweepProgress(50, 100, 8.0, 3e6, "8 relu adam", networks=2, best=0.5))
        display.bar.refresh()
    assert all(words in file.getvalue() for words in ("50%", "2 networks, best accuracy 0.5000"))
    assert "8 relu adam" not in file.getvalue()


def test_a_bar_is_drawn_over_and_taken_away(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")  # which can
    file = io.StringIO()
    with SweepDisplay(Console(file=file, force_terminal=True, width=120)) as display:
        display.show(SweepProgress(50, 100, 8.0, 3e6, "8 relu adam", networks=2, best=0.5))
        display.bar.refresh()
    out = file.getvalue()
    for words in (
        "8 relu adam",
        "50%",
        "3.00 M sample-updates/s  2 networks, best accuracy 0.5000",
    ):
        assert words in out
    assert out.endswith("\x1b[2K")  # the line is empty
