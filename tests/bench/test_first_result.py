"""How long new Pythons take: what they run, and what is told of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bpfast.bench import first_result
from bpfast.bench.first_result import ENVIRONMENT, RUNNERS, TRAININGS, UnavailableError

FEW, ONE = (replace(training, epochs=2) for training in TRAININGS)


@pytest.fixture
def quick(monkeypatch):
    """Processes that took as long as is said here, and came to these losses."""
    took = {
        "bpfast": ([3.0, 1.0, 2.0], [0.5, 0.25]),
        "JAX": ([4.0, 4.0, 5.0], [0.5, 0.25]),
        "import numpy": ([0.1, 0.3, 0.2], None),
        "bpfast --help": ([0.3, 0.4, 0.5], None),
    }

    def timed(name):
        seconds, losses = took[name]
        if losses is None:
            return seconds.pop(0)
        return seconds.pop(0), losses

    monkeypatch.setattr(first_result, "first_result", lambda runner, *_: timed(runner))
    monkeypatch.setattr(
        first_result, "IMPORTS", {name: name for name in took if took[name][1] is None}
    )
    monkeypatch.setattr(first_result, "seconds_of", lambda name, environment: timed(name))
    return took


def test_medians_are_told_beside_those_of_jax(quick):
    report = first_result.measure((FEW,), 3, False, lambda words: None)
    assert report["skipped"] == {}
    assert report["imports"]["import numpy"] == {"seconds": [0.1, 0.3, 0.2], "median_seconds": 0.2}
    (training,) = report["trainings"]
    assert training["runners"]["bpfast"]["times_jax"] == 0.5
    assert "times_jax" not in training["runners"]["JAX"]
    assert training["loss_difference"] == {"bpfast and JAX": 0.0}
    assert [*first_result.lines(report)] == [
        "   0.200 s  import numpy",
        "   0.400 s  bpfast --help",
        "64 x 4-8-1 tanh on 64 rows, batch 16, 2 epochs of Adam",
        "   2.000 s  bpfast, 0.50 x JAX's",
        "   4.000 s  JAX",
    ]


def test_losses_that_differ_are_told(quick):
    quick["JAX"][1][1] = 0.3
    report = first_result.measure((FEW,), 1, False, lambda words: None)
    assert "the losses of bpfast and JAX are 16.7% apart" in [*first_result.lines(report)]


def test_who_is_not_there_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr(first_result, "IMPORTS", {"python": ["pass"], "gone": ["import gone"]})
    monkeypatch.setitem(RUNNERS, "JAX", "import missing")
    few = replace(FEW, runners=("JAX",))
    report = first_result.measure((few,), 2, False, lambda words: None)
    assert [*report["imports"]] == ["python"]
    assert len(report["imports"]["python"]["seconds"]) == 2
    assert report["trainings"] == [
        {"description": str(few), "runners": {}, "loss_difference": {}},
    ]
    assert report["skipped"] == {
        "gone": "ModuleNotFoundError: No module named 'gone'",
        f"{few}: JAX": "ModuleNotFoundError: No module named 'missing'",
    }


def test_a_cold_process_finds_nothing_compiled(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(first_result, "IMPORTS", {"python": ["pass"]})
    monkeypatch.setattr(
        first_result, "seconds_of", lambda _, environment: seen.append(environment) or 1.0
    )
    first_result.measure((), 2, True, lambda words: None)
    first, second = (environment["NUMBA_CACHE_DIR"] for environment in seen)
    assert first != second
    first_result.measure((), 1, False, lambda words: None)
    assert seen[2] == ENVIRONMENT


def test_each_network_learns():
    (seconds, early), (_, late) = (
        first_result.first_result("bpfast", replace(FEW, epochs=epochs), ENVIRONMENT)
        for epochs in (1, 20)
    )
    assert seconds > 0
    assert len(early) == len(late) == FEW.networks
    assert (np.array(late) < early).all()


@pytest.mark.parametrize("training", [FEW, ONE], ids=str)
def test_jax_comes_to_the_same_losses(training):
    pytest.importorskip("jax")
    ours, theirs = (
        first_result.first_result(runner, training, ENVIRONMENT)[1] for runner in ("bpfast", "JAX")
    )
    np.testing.assert_allclose(ours, theirs, rtol=first_result.TOLERANCE)


def test_estimators_come_to_the_same_loss():
    pytest.importorskip("sklearn")
    ours, theirs = (
        first_result.first_result(f"{whose} MLPClassifier", ONE, ENVIRONMENT)[1]
        for whose in ("bpfast's", "scikit-learn's")
    )
    np.testing.assert_allclose(ours, theirs, rtol=first_result.TOLERANCE)


def test_a_process_that_fails_says_why():
    with pytest.raises(UnavailableError, match=r"^ValueError: no$"):
        first_result.seconds_of(["raise ValueError('no')"], {})


def test_all_is_kept_as_json(quick, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(first_result, "TRAININGS", (FEW,))
    monkeypatch.setattr(first_result, "hardware", dict)
    argv = ["first_result", "--turns", "1", "--output", str(tmp_path / "report.json")]
    monkeypatch.setattr("sys.argv", argv)
    first_result.main()
    report = json.loads((tmp_path / "report.json").read_text())
    assert not report["cold"]
    assert report["trainings"][0]["runners"]["JAX"]["median_seconds"] == 4.0
    assert "0.75 x JAX's" in capsys.readouterr().out
