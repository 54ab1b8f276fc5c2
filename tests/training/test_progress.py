"""How far a fit is: what a callable is told, and the bar on a terminal."""

import io
import os
import re
import signal
import sys

import numpy as np
import pytest
from fits import every_device, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.training.progress import BAR_WIDTH, Bar

CLEARED = "\r\x1b[K"  # an empty line, and the cursor at its start


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_a_terminal(monkeypatch):
    """From here on, stderr is this terminal; what a fixture puts there, pytest takes away."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def fit_slowly(progress=None):
    return fit(population(), epochs=4, device="reference", progress=progress)


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
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    fit_slowly()
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
    fit_slowly(progress=progress)
    assert terminal.getvalue() == ""


def test_a_bar_can_be_had_where_there_is_no_terminal(capsys):
    fit_slowly(progress=True)
    assert "100%" in capsys.readouterr().err


def test_an_interrupt_leaves_an_empty_line(monkeypatch):
    terminal = on_a_terminal(monkeypatch)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    show = Bar.show

    def press(self, progress):
        show(self, progress)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Bar, "show", press)
    assert fit_slowly().interrupted
    assert terminal.getvalue().endswith(CLEARED)
    assert "100%" not in terminal.getvalue()


@every_device
def test_a_callable_is_told_how_far_it_is(device, monkeypatch):
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    calls, n = [], 2 * cpu.GRAIN
    history = fit(population(n), epochs=3, progress=calls.append, device=device)
    assert len(calls) >= 6
    assert all(isinstance(call, bp.Progress) for call in calls)
    done = [call.done for call in calls]
    assert done == sorted(set(done))
    assert {call.total for call in calls} == {3 * n} == {done[-1]}
    assert all(call.seconds > 0 and call.rate > 0 for call in calls)
    assert calls[0].loss.shape == (n,)
    assert np.isnan(calls[0].loss).any()  # some have not begun
    assert_array_equal(calls[-1].loss, history.loss[:, -1])


def test_who_stops_early_counts_as_done():
    calls = []
    fit(population(), tol=[1e9, 0, 1e9, 0], progress=calls.append)
    assert (calls[-1].done, calls[-1].total) == (24, 24)


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_written_where_there_is_no_terminal(progress, capfd):
    fit(population(), progress=progress)
    assert capfd.readouterr() == ("", "")


def test_what_a_callable_raises_comes_through(monkeypatch):
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    handler = signal.getsignal(signal.SIGINT)

    def fail(progress):
        raise ZeroDivisionError

    networks = population()
    with pytest.raises(ZeroDivisionError):
        fit(networks, progress=fail)
    assert signal.getsignal(signal.SIGINT) is handler
    one_epoch = population()
    fit(one_epoch, epochs=1)
    assert_array_equal(networks.parameters, one_epoch.parameters)
