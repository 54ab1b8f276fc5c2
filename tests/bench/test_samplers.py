"""The comparison of samplers: the functions that they play on, and what is told of them."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bpfast.sweeps.space import Space

pytest.importorskip("sklearn")
optuna = pytest.importorskip("optuna")
samplers = pytest.importorskip("bpfast.bench.samplers")


def test_hartmanns_function_has_its_known_maximum():
    top = np.array([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573])
    names = list(samplers.HARTMANN_SPACE)
    values = [*10 ** (4 * top[:3] - 4), *top[3:]]
    assert samplers.hartmann(dict(zip(names, values, strict=True))) == pytest.approx(3.32237)


def test_all_of_the_valley_has_a_value_below_zero():
    space, study = Space(samplers.VALLEY_SPACE), optuna.create_study()
    drawn = [space.suggest(study.ask()) for _ in range(50)]
    values = [samplers.valley(params) for params in drawn]
    assert max(values) < 0
    assert len({*values}) == 50


def test_both_samplers_are_asked_for_as_many(monkeypatch, tmp_path, capsys):
    asked = []
    play = samplers.rounds(samplers.VALLEY_SPACE, lambda params: asked.append(params) or 0.5)
    monkeypatch.setitem(samplers.COMPARISONS, "valley", samplers.Comparison(play, 70))
    monkeypatch.setattr(samplers, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1))
    given = ["--only", "valley", "--seeds", "2", "--output", str(tmp_path / "found.json")]
    monkeypatch.setattr(sys, "argv", ["samplers", *given])
    samplers.main()
    assert len(asked) == 2 * 2 * (64 + 70)
    found = json.loads((tmp_path / "found.json").read_text())["comparisons"]["valley"]
    assert found["bpfast"]["best"] == found["optuna"]["best"] == [0.5, 0.5]
    assert "valley, 70 trials: medians bpfast 0.50000" in capsys.readouterr().out
