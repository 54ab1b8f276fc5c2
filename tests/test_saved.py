"""Files of before the wings still load: those in ``data/saved`` are of commit 266ebb5."""

import json
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.trainer import Trainer

SAVED = Path(__file__).parent / "data" / "saved"
EXPECTED = json.loads((SAVED / "predictions.json").read_text(encoding="utf-8"))
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X[:, 0] - X[:, 1] ** 2


def unpickled(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn tells of other versions of itself
        return pickle.loads((SAVED / f"{name}.pickle").read_bytes())


@pytest.mark.parametrize("load", [bp.Population.load, lambda path: unpickled("population")])
def test_populations(load):
    population = load(SAVED / "population.safetensors")
    np.testing.assert_allclose(population.predict(X[:4]), EXPECTED["population"], rtol=1e-5)


@pytest.mark.parametrize("load", [bp.Model.load, lambda path: unpickled("model")])
def test_models(load):
    predictions = load(SAVED / "model.safetensors").predict(X[:4])
    np.testing.assert_allclose(predictions, EXPECTED["model"], rtol=1e-5)


@pytest.mark.parametrize("name", ["estimator", "ensemble"])
def test_pickled_estimators(name):
    pytest.importorskip("sklearn")
    probabilities = unpickled(name).predict_proba(X[:4])
    np.testing.assert_allclose(probabilities, EXPECTED[name], rtol=1e-5)


def test_other_pickles():
    assert isinstance(unpickled("history"), bp.History)
    assert unpickled("optimizer") == bp.SGD(momentum=0.9)
    assert unpickled("halving") == bp.Halving("hyperband", 9)
    assert isinstance(unpickled("space"), bp.Space)
    assert unpickled("explanation").as_dict()["error"] == pytest.approx(0.3272405)  # the tutorial's
    result = unpickled("result")
    assert isinstance(result, bp.SweepResult)
    np.testing.assert_allclose(result.model.predict(X[:4]), EXPECTED["model"], rtol=1e-5)


def test_a_run_folder_goes_on(tmp_path, monkeypatch):
    """One whose second shard was never begun, of networks ranked by R²."""
    pytest.importorskip("optuna")
    options = {
        "space": {"hidden": ["3", "4x2"], "learning_rate": "1e-3:1e-1:log"},
        "networks": 12,
        "epochs": 4,
        "device": "cpu",
        "metric": "score",
    }
    expected = bp.sweep(X, Y, **options)
    shutil.copytree(SAVED / "run", tmp_path / "run")
    begun, advance = [], Trainer.advance
    monkeypatch.setattr(
        Trainer, "advance", lambda self, shard, *a: begun.append(shard) or advance(self, shard, *a)
    )
    with pytest.raises(ValueError, match="begun with metric='score', not 'neg_root"):
        bp.sweep(X, Y, run=tmp_path / "run", resume=True, **options | {"metric": None})
    resumed = bp.sweep(X, Y, run=tmp_path / "run", resume=True, **options)
    assert len(begun) == 2  # and those networks once more, of which an older bpfast kept one
    scores = resumed.table["validation_score"]
    np.testing.assert_allclose(scores, expected.table["validation_score"], rtol=1e-3)
