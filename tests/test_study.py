"""Studies of sweeps: samplers, what they are told, and what Optuna reads back."""

import sys

import numpy as np
import pytest

import bpfast as bp
from bpfast import study as study_module
from bpfast.space import Space
from bpfast.study import SAMPLERS, Study

optuna = pytest.importorskip("optuna")

SPACE = {
    "learning_rate": "1e-3:1e-1:log",
    "hidden": [2, "3x2"],
    "optimizer": ["sgd", "adam"],
    "momentum": "0:0.9",
    "batch_size": [8, 16],
}
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
NUMBERS = X @ (1.0, -2.0, 0.5)


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def sweep(**options):
    settings = {"space": SPACE, "networks": 20, "epochs": 2, "device": "reference"}
    return bp.sweep(X, NUMBERS, **settings | options)


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "grid"])
def test_a_sampler_and_a_seed_say_all(sampler, monkeypatch):
    monkeypatch.setattr(study_module, "LEARNING_BATCH", 6)
    first, again, other = (sweep(sampler=sampler, seed=seed).table for seed in (1, 1, 2))
    assert sorted(first["network"]) == list(range(20))
    for name, column in first.items():
        np.testing.assert_array_equal(column, again[name])
    assert not np.array_equal(first["learning_rate"], other["learning_rate"])


def test_a_grid_is_tried_once():
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    table = sweep(space=space, sampler="grid", networks=100).table
    tried = set(zip(table["hidden"].tolist(), table["l2"].tolist(), strict=True))
    assert len(table["network"]) == len(tried) == 6


@pytest.mark.parametrize("networks", [1, 5])
def test_a_grid_that_is_larger_than_what_is_asked_for_is_refused(networks, tmp_path):
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    made = {"storage": f"sqlite:///{tmp_path / 'study.db'}", "run": tmp_path / "run"}
    words = f"6 points, and {networks} networks are asked for: ask for networks=6 .--networks 6."
    with pytest.raises(ValueError, match=words):
        sweep(space=space, sampler="grid", networks=networks, **made)
    with pytest.raises(ValueError, match="l2: a grid needs choices"):
        sweep(space=space | {"l2": "0:1"}, sampler="grid", **made)
    assert not [*tmp_path.iterdir()]


def test_progress_counts_what_a_grid_has():
    seen = []
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    sweep(space=space, sampler="grid", networks=100, progress=seen.append)
    assert seen[-1].done == seen[-1].total


def test_a_sampler_of_optunas_is_told_what_came_of_each_batch(monkeypatch):
    """Two crews of five take turns: one is asked for while the other is trained."""
    monkeypatch.setattr(study_module, "LEARNING_BATCH", 10)
    seen = []

    class Watching(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, *others):
            seen.append(sum(t.state.is_finished() for t in study.get_trials(deepcopy=False)))
            return super().sample_independent(study, trial, *others)

    sweep(sampler=Watching(seed=0))
    assert set(seen) == {0, 5, 10}


def test_tpe_finds_what_chance_does_not():
    """The score depends on one number: the sampler has to come close to its best value."""
    tried = {}
    for sampler in ("random", "tpe"):
        study = Study(Space({"l2": "0:1", "hidden": 2}), sampler, seed=3)
        study.batch = 10
        values = []
        for _ in range(10):
            numbers, points = study.ask(10)
            values += [point["l2"] for point in points]
            scores = -np.abs(np.array([point["l2"] for point in points]) - 0.7)
            study.tell(numbers, scores, np.ones(10, bool), {})
        tried[sampler] = np.abs(np.array(values[50:]) - 0.7).mean()
    assert tried["tpe"] < 0.5 * tried["random"]


@pytest.mark.parametrize("by", ["tables", "optuna"])
def test_optuna_reads_what_a_sweep_kept(by, tmp_path, monkeypatch):
    if by == "optuna":
        monkeypatch.setattr(study_module._Tables, "of", lambda *_: None)
    url = f"sqlite:///{tmp_path / 'study.db'}"
    space = SPACE | {"learning_rate": [1e-2, 1e9], "optimizer": "sgd", "hidden": [2, "30x30x30"]}
    table = sweep(space=space, epochs=20, storage=url).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    assert sorted(trial.number for trial in study.trials) == list(range(20))
    rows = {name: dict(zip(table["network"], table[name], strict=True)) for name in table}
    assert table["diverged"].any()
    for trial in study.trials:
        network = trial.user_attrs["network"]
        assert by == "optuna" or trial.number == network
        expected = "PRUNED" if rows["diverged"][network] else "COMPLETE"
        assert trial.state.name == expected
        assert trial.datetime_complete >= trial.datetime_start
        for name in ("learning_rate", "hidden", "batch_size", "momentum"):
            assert trial.params[name] == rows[name][network]
        assert trial.user_attrs["epochs"] == rows["epochs"][network]
        if expected == "COMPLETE":
            assert trial.value == rows["validation_score"][network]
            assert trial.user_attrs["test_score"] == rows["test_score"][network]
    assert study.best_trial.user_attrs["network"] == table["network"][0]
    assert optuna.importance.get_param_importances(study).keys() <= set(SPACE)


def test_optuna_reads_the_scores_of_folds(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    table = sweep(cv=3, storage=url).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    names = ["validation_std", *(f"split{k}_validation_score" for k in range(3))]
    rows = {name: dict(zip(table["network"], table[name], strict=True)) for name in table}
    for trial in study.trials:
        network = trial.user_attrs["network"]
        assert trial.value == rows["validation_score"][network]
        assert [trial.user_attrs[name] for name in names] == [rows[name][network] for name in names]
        assert "test_score" not in trial.user_attrs  # that is the winner's, once all are told


def test_a_storage_of_optunas_is_taken_as_it_is(tmp_path):
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal"))
    storage = optuna.storages.JournalStorage(backend)
    sweep(storage=storage, study_name="mine")
    assert len(optuna.load_study(study_name="mine", storage=storage).trials) == 20


def test_a_study_that_is_there_is_not_written_to(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    sweep(networks=3, storage=url)
    with pytest.raises(ValueError, match="has a study named 'bpfast' already"):
        sweep(networks=3, storage=url)
    sweep(networks=3, storage=url, study_name="second")
    assert len(optuna.load_study(study_name="bpfast", storage=url).trials) == 3


def test_an_unknown_sampler_is_refused():
    with pytest.raises(ValueError, match="sampler='luck' is not known: choose from random"):
        sweep(sampler="luck")


@pytest.mark.parametrize("module", ["study", "space"])
def test_without_optuna_there_is_a_hint(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"optuna is not installed: pip install .bpfast\[sweep\]"):
        sweep(space={"l2": 0.1} if module == "study" else SPACE)
