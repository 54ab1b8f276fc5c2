"""The bar that fits show on a terminal."""

import io
import os
import re
import signal
import sys

import numpy as np
import pytest

import bpfast as bp
from bpfast.training import training
from bpfast.training.progress import BAR_WIDTH, Bar

X, Y = np.ones((8, 3)), np.ones((8, 2))
CLEARED = "\r\x1b[K"  # an empty line, and the cursor at its start


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_a_terminal(monkeypatch):
    """From here on, stderr is this terminal; what a fixture puts there, pytest takes away."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def fit(progress=None):
    networks = bp.Population(bp.MLP((3, 4, 2)), 3)
    return bp.fit(networks, X, Y, bp.SGD(), epochs=4, device="reference", progress=progress)


@pytest.mark.parametrize(
    ("done", "seconds", "filled", "words"),
    [
        (0, 2.0, 0, r"  0%  1\.50e\+06 sample-updates/s  inf s left"),
        (25, 2.0, BAR_WIDTH // 4, r" 25%  1\.50e\+06 sample-updates/s  6 s left"),
        (50, 10.0, BAR_WIDTH // 2, r" 50%  1\.50e\+06 sample-updates/s  10 s left"),
        (100, 10.0, BAR_WIDTH, r"100%  1\.50e\+06 sample-updates/s  0 s left"),
    ],
)
def test_the_bar_tells_share_rate_and_time_left(done, seconds, filled, words, monkeypatch):
    terminal = on_a_terminal(monkeypatch)
    Bar().show(bp.Progress(done, 100, seconds, 1.5e6, np.zeros(3)))
    bar = re.escape(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}]")
    assert re.match(bar + f" {words}", terminal.getvalue())
    assert "\n" not in terminal.getvalue()


def test_a_fit_on_a_terminal_draws_over_one_line_and_leaves_none(monkeypatch, capfd):
    terminal = on_a_terminal(monkeypatch)
    monkeypatch.setattr(training, "CALL_SECONDS", 1e-9)
    fit()
    text = terminal.getvalue()
    shares = [int(share) for share in re.findall(r"(\d+)%", text)]
    assert len(shares) >= 4
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert text.endswith(CLEARED)
    assert "\n" not in text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [False, lambda _: None])
def test_who_wants_no_bar_sees_none(progress, monkeypatch):
    terminal = on_a_terminal(monkeypatch)
    fit(progress=progress)
    assert terminal.getvalue() == ""


def test_a_bar_can_be_had_where_there_is_no_terminal(capsys):
    fit(progress=True)
    assert "100%" in capsys.readouterr().err


def test_an_interrupt_leaves_an_empty_line(monkeypatch):
    terminal = on_a_terminal(monkeypatch)
    monkeypatch.setattr(training, "CALL_SECONDS", 1e-9)
    show = Bar.show

    def press(self, progress):
        show(self, progress)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Bar, "show", press)
    assert fit().interrupted
    assert terminal.getvalue().endswith(CLEARED)
    assert "100%" not in terminal.getvalue()
