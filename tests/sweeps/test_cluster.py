"""A Dask cluster: how the command and searches reach it, and what its workers are."""

import json
import sys

import numpy as np
import pytest
from sweeps import WORDS, X

import bpfast as bp

distributed = pytest.importorskip("distributed")
pytest.importorskip("optuna")

from cluster_workers import threads  # noqa: E402

pytestmark = pytest.mark.xdist_group("dask")  # two cores have room for one cluster


def test_a_worker_has_a_core_a_thread_unless_its_environment_says_more(client, monkeypatch):
    used = [client.submit(threads, given).result() for given in ("", "1", "2")]
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    assert used == [1, 1, bp.dispatch.concurrent_fits("cpu")]


@pytest.fixture
def data(tmp_path):
    np.savez(tmp_path / "data.npz", X=X, y=WORDS)
    return [tmp_path / "data.npz", "--networks", 40, "--epochs", 3, "--hidden", "2,3"]


@pytest.mark.parametrize("form", ["local", "address", "file"])
def test_the_command_has_a_cluster_train(form, client, data, bpfast, tmp_path):
    pytest.importorskip("typer")
    (tmp_path / "scheduler.json").write_text(json.dumps({"address": client.scheduler.address}))
    addresses = {"local": "local:1", "address": client.scheduler.address, "file": "scheduler.json"}
    code, _, err = bpfast("sweep", *data, "--output", "far", "--dask", addresses[form])
    assert code == 0, err
    assert bpfast("sweep", *data, "--output", "near")[0] == 0
    near, far = ((tmp_path / name / "networks.csv").read_bytes() for name in ("near", "far"))
    assert near == far


def test_what_is_missing_is_told(data, bpfast, monkeypatch):
    pytest.importorskip("typer")
    monkeypatch.delitem(sys.modules, "bpfast.sweeps.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    _, _, err = bpfast("sweep", *data, "--dask", "local:2")
    assert 'dask[distributed] is not installed: pip install "bpfast[distributed]"' in err


@pytest.mark.parametrize(
    ("address", "words"),
    [("nowhere", "no Dask scheduler answers at nowhere"), ("local:0", "must be at least 1")],
)
def test_a_cluster_that_is_not_there_is_told(address, words, data, bpfast, tmp_path):
    pytest.importorskip("typer")
    code, _, err = bpfast("sweep", *data, "--output", "none", "--dask", address)
    assert code == 2
    assert words in err
    assert not (tmp_path / "none").exists()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}])
def test_searches_train_on_the_cluster_of_joblib(settings, client, monkeypatch):
    pytest.importorskip("sklearn", "1.9")
    from joblib import parallel_config

    from bpfast.sklearn import GridSearchCV, MLPClassifier, together

    mlp = MLPClassifier((3,), max_iter=4, random_state=0, device="cpu").set_params(**settings)
    search = GridSearchCV(mlp, {"alpha": np.logspace(-4, 0, 12)}, cv=3)
    expected = search.fit(X, WORDS)
    groups = []

    def counted(group, X, train=together.train_group):
        groups.append(group)
        return train(group, X)

    monkeypatch.setattr(together, "train_group", counted)
    with parallel_config("dask"):
        found = GridSearchCV(mlp, search.param_grid, cv=3).fit(X, WORDS)
    assert [len(group) for group in groups] == [1]  # the best one, trained anew
    for name in ("mean_test_score", "split0_test_score"):
        np.testing.assert_array_equal(found.cv_results_[name], expected.cv_results_[name])
    assert found.best_params_ == expected.best_params_
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
