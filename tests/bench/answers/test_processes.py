"""Fits in processes of their own."""

import sys

import pytest

from bpfast.bench.answers import processes
from bpfast.bench.answers.processes import FitError, fit_apart


def test_a_fit_runs_apart_from_this_process(folder):
    (found,) = fit_apart(sys.executable, "scikit-learn MLP", "sorts", 0, folder, 100)
    assert 0 < found["loss"] < 2
    assert found["process_seconds"] > found["seconds"] > 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('begun')\nraise KeyError('no-such-table')", "KeyError: 'no-such-table'"),
        ("raise SystemExit(3)", "ended with 3"),
        ("while True: pass", "more than 1 s of processors"),
    ],
)
def test_a_fit_that_fails_says_why(code, words, tmp_path, monkeypatch):
    (tmp_path / "failing.py").write_text(code)
    monkeypatch.setattr(processes, "PACKAGES", tmp_path)
    monkeypatch.setattr(processes, "MODULE", "failing")
    with pytest.raises(FitError, match=words):
        fit_apart(sys.executable, "HistGB", "sorts", 0, None, 1)
