"""Studies of sweeps: samplers, and what they are told."""

import sys

import numpy as np
import pytest
from sweeps import STUDY_SPACE, study_sweep

from bpfast.sweeps import study as study_module
from bpfast.sweeps.space import Space
from bpfast.sweeps.study import SAMPLERS, Study

optuna = pytest.importorskip("optuna")


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_a_sampler_and_a_seed_say_all(sampler, monkeypatch):
    monkeypatch.setattr(study_module, "LEARNING_BATCH", 6)
    first, again, other = (study_sweep(sampler=sampler, seed=seed).table for seed in (1, 1, 2))
    assert sorted(first["network"]) == list(range(20))
    for name, column in first.items():
        np.testing.assert_array_equal(column, again[name])
    assert not np.array_equal(first["learning_rate"], other["learning_rate"])


def test_a_grid_is_tried_once():
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    table = study_sweep(space=space, sampler="grid", networks=100).table
    tried = set(zip(table["hidden"].tolist(), table["l2"].tolist(), strict=True))
    assert len(table["network"]) == len(tried) == 6


@pytest.mark.parametrize("networks", [1, 5])
def test_a_grid_that_is_larger_than_what_is_asked_for_is_refused(networks, tmp_path):
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    made = {"storage": f"sqlite:///{tmp_path / 'study.db'}", "run": tmp_path / "run"}
    words = f"6 points, and {networks} networks are asked for: ask for networks=6, or"
    with pytest.raises(ValueError, match=words):
        study_sweep(space=space, sampler="grid", networks=networks, **made)
    with pytest.raises(ValueError, match="l2: a grid needs choices"):
        study_sweep(space=space | {"l2": "0:1"}, sampler="grid", **made)
    assert not [*tmp_path.iterdir()]


def test_tpe_finds_what_chance_does_not():
    """The score depends on one number: the sampler has to come close to its best value."""
    tried = {}
    for sampler in ("random", "tpe"):
        study = Study(Space({"l2": "0:1", "hidden": 2}), sampler, seed=3)
        study.batch = 10
        values = []
        for _ in range(10):
            rows = [{"network": number, **params} for number, params in study.ask(10)]
            values += [row["l2"] for row in rows]
            ended = {"epochs": 1, "diverged": False}
            scored = [row | ended | {"validation_score": -abs(row["l2"] - 0.7)} for row in rows]
            study.tell(scored, [], 1)
        tried[sampler] = np.abs(np.array(values[50:]) - 0.7).mean()
    assert tried["tpe"] < 0.5 * tried["random"]


def test_an_unknown_sampler_is_refused():
    with pytest.raises(ValueError, match="sampler='luck' is not known: choose from random"):
        study_sweep(sampler="luck")


@pytest.mark.parametrize("module", ["study", "space"])
def test_without_optuna_there_is_a_hint(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"optuna is not installed: pip install .bpfast\[sweep\]"):
        study_sweep(space={"l2": 0.1} if module == "study" else STUDY_SPACE)
