"""``python -m bpfast.bench sweeps``."""

import json
import sys

import pytest

from bpfast.bench.sweeps import command
from bpfast.bench.sweeps.found import Found


def reached():
    """What is there."""
    yield Found("weights", 0.05, "of an epoch", 0.1, more_is_better=False)


def missed():
    """What is not."""
    yield Found("fit", 2.0, "x", 3, more_is_better=True, words="30 ms and 60 ms")


@pytest.fixture
def sweeps(monkeypatch, capsys):
    """Runs the command: what it prints."""
    monkeypatch.setattr(command, "MEASUREMENTS", {"reached": reached, "missed": missed})

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweeps", *map(str, arguments)])
        command.main()
        return capsys.readouterr().out

    return run


def test_numbers_stand_beside_their_aims(sweeps, tmp_path):
    lines = sweeps("--output", tmp_path / "sweeps.json").splitlines()
    assert lines[2].split() == ["weights", "0.05", "of", "an", "epoch", "at", "most", "0.1"]
    assert lines[3].split()[1:6] == ["2", "x", "at", "least", "3"]
    assert lines[3].endswith("MISSED  30 ms and 60 ms")
    report = json.loads((tmp_path / "sweeps.json").read_text())
    assert [one["met"] for one in report["measurements"]] == [True, False]
    assert report["machine"]["processor"]


def test_measurements_are_chosen_by_name(sweeps):
    assert "weights" not in sweeps("--only", "missed")
    with pytest.raises(SystemExit):
        sweeps("--only", "nothing")


def test_all_measurements_say_what_they_are():
    assert all(function.__doc__ for function in command.MEASUREMENTS.values())
