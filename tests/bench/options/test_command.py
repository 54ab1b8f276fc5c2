"""``python -m bpfast.bench options`` on tiny cases."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from bpfast.bench.options import command
from bpfast.bench.options.cases import Case
from bpfast.training.optimizers import SGD

TINY = Case("lanes", (3, 4, 1), networks=3, samples=64, batch_size=16)
TANH = replace(TINY, option="activation", value="tanh", activation="tanh")
LONG = replace(TINY, option="20 steps", trained=20)


@pytest.fixture
def options(monkeypatch, capsys):
    """Runs the command: what it prints."""
    monkeypatch.setattr(command, "SECONDS", 0.0)
    monkeypatch.setattr(command, "fma_peak", lambda: 1e9)
    monkeypatch.setattr(command, "cases", lambda: iter([(TANH, TINY), (LONG, TINY)]))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["options", *map(str, arguments)])
        command.main()
        return capsys.readouterr().out

    return run


def test_cases_are_timed_and_kept(options, tmp_path):
    out = options("--output", tmp_path / "options.json")
    report = json.loads((tmp_path / "options.json").read_text())
    assert [case["value"] for case in report["cases"]] == ["tanh", ""]
    assert all(case["kernel"] == "lanes" and case["of_count"] > 0 for case in report["cases"])
    assert report["machine"]["processor"]
    assert "lanes  activation  tanh" in out


def test_a_pattern_chooses_cases(options):
    assert options("--only", "act.*tanh", "--list") == "lanes, activation tanh\n"
    assert "20 steps" not in options("--only", "tanh")


def test_the_worst_comes_first():
    found = [{"of_count": share} for share in (0.9, 0.7, 0.3, 0.8)]
    assert [one["of_count"] for one in command.below(found)] == [0.3, 0.7]


def test_shares_are_those_of_the_plain_case_and_of_the_count():
    one, plain = command.Timed(TANH), command.Timed(TINY)
    one.rate, plain.rate = 1.0, 4.0
    found = command.result(one, plain)
    assert found["of_plain"] == 0.25
    ratio = found["operations"] / command.result(plain, plain)["operations"]
    assert found["of_count"] == pytest.approx(0.25 * ratio)


def test_subnormal_parameters_are_told():
    timed = command.Timed(replace(TINY, dtype="float64", networks=1))
    assert timed.subnormal == 0
    assert command.subnormal(np.array([0.0, 1e-310, 1.0, -1e-320])) == 0.5


def test_what_diverges_is_not_a_speed():
    with pytest.raises(ValueError, match="lanes, plain: networks diverged"):
        command.Timed(replace(TINY, optimizer=SGD(learning_rate=1e30)))
