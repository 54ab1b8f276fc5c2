"""Studies of sweeps: samplers, what they are told, and what Optuna reads back."""

import sys

import numpy as np
import pytest
from sweeps import on_disk

import bpfast as bp
from bpfast.sweeps import study as study_module
from bpfast.sweeps import study_tables
from bpfast.sweeps.space import Space
from bpfast.sweeps.study import SAMPLERS, Study

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
    """Two cohorts of five alternate: one is asked for while the other is trained."""
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
            rows = [{"network": number, **params} for number, params in study.ask(10)]
            values += [row["l2"] for row in rows]
            ended = {"epochs": 1, "diverged": False}
            scored = [row | ended | {"validation_score": -abs(row["l2"] - 0.7)} for row in rows]
            study.tell(scored, [], 1)
        tried[sampler] = np.abs(np.array(values[50:]) - 0.7).mean()
    assert tried["tpe"] < 0.5 * tried["random"]


@pytest.mark.parametrize("by", ["tables", "optuna"])
def test_optuna_reads_what_a_sweep_kept(by, tmp_path, monkeypatch):
    if by == "optuna":
        monkeypatch.setattr(study_tables.StudyTables, "of", lambda *_: None)
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


@pytest.fixture(params=["tables", "optuna", "object"])
def storage(request, tmp_path, monkeypatch):
    """A storage by its URL, written as tables or by Optuna, and one that is an object."""
    if request.param == "object":
        return optuna.storages.InMemoryStorage()
    if request.param == "optuna":
        monkeypatch.setattr(study_tables.StudyTables, "of", lambda *_: None)
    return f"sqlite:///{tmp_path / 'study.db'}"


def trials(storage, name="bpfast"):
    return optuna.load_study(study_name=name, storage=storage).trials


@pytest.mark.parametrize("storage", ["tables", "object"], indirect=True)
@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"epochs": 3},
            "study 'bpfast' was begun with epochs=2, not 3: begin another",
        ),
        ({"space": SPACE | {"hidden": 3}}, "was begun with space="),
    ],
)
def test_a_study_knows_whose_it_is(other, words, storage, tmp_path):
    sweep(storage=storage, networks=3)
    before = [(trial.number, trial.value, trial.params) for trial in trials(storage)]
    sweep(run=tmp_path / "run", networks=3, **other)
    files = on_disk(tmp_path / "run")
    for run in (None, tmp_path / "run"):
        with pytest.raises(ValueError, match=words):
            sweep(storage=storage, resume=True, run=run, networks=3, **other)
    assert on_disk(tmp_path / "run") == files
    assert [(trial.number, trial.value, trial.params) for trial in trials(storage)] == before
    sweep(storage=storage, resume=True, networks=4)  # it may grow, with a folder or without
    assert sorted(trial.user_attrs["network"] for trial in trials(storage)) == list(range(4))


@pytest.mark.parametrize("storage", ["object"], indirect=True)
@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("other", [{"seed": 1}, {"space": SPACE | {"hidden": 3}}])
def test_a_study_of_an_older_bpfast_is_taken_where_its_trials_agree(sampler, other, storage):
    """It does not say whose it is."""
    sweep(storage=storage, networks=8, sampler=sampler)
    old = optuna.create_study(study_name="old", storage=storage, direction="maximize")
    old.add_trials(trials(storage))
    with pytest.raises(ValueError, match=r"is not this sweep's|it is another sweep's"):
        sweep(storage=storage, study_name="old", resume=True, sampler=sampler, **other)
    assert len(trials(storage, "old")) == 8
    sweep(storage=storage, study_name="old", resume=True, networks=10, sampler=sampler)
    numbers = [trial.user_attrs["network"] for trial in trials(storage, "old")]
    assert sorted(numbers) == list(range(10))


@pytest.mark.parametrize("storage", ["object"], indirect=True)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_somebody_elses_study_is_not_taken(direction, storage):
    study = optuna.create_study(study_name="bpfast", storage=storage, direction=direction)
    if direction == "maximize":
        study.optimize(lambda trial: trial.suggest_float("learning_rate", 0, 1), n_trials=3)
    with pytest.raises(ValueError, match="study 'bpfast' in the storage is not this sweep's"):
        sweep(storage=storage, resume=True)
    assert len(trials(storage)) == (3 if direction == "maximize" else 0)
    optuna.create_study(study_name="mine", storage=storage, direction="maximize")
    sweep(storage=storage, study_name="mine", resume=True)  # it was made for the sweep
    assert len(trials(storage, "mine")) == 20


@pytest.mark.parametrize("storage", ["tables", "object"], indirect=True)
def test_a_study_that_appears_meanwhile_is_refused(storage, monkeypatch):
    monkeypatch.setattr("optuna.get_all_study_names", lambda *_: [])
    optuna.create_study(study_name="bpfast", storage=storage)
    with pytest.raises(ValueError, match="has a study named 'bpfast' already"):
        sweep(storage=storage)
    assert not trials(storage)


def test_others_may_fill_the_study_meanwhile(storage, monkeypatch):
    """A trial of somebody's own, and the same sweep once more: ours are there once, and whole."""
    monkeypatch.setattr(study_module, "LEARNING_BATCH", 8)
    tell, told = Study.tell, []

    def busy(self, *what):
        told.append(what)
        if len(told) == 2:
            study = optuna.load_study(study_name="bpfast", storage=storage)
            study.tell(study.ask(), 0.5)
            sweep(sampler="tpe", storage=storage, resume=True)
        tell(self, *what)

    monkeypatch.setattr(Study, "tell", busy)
    table = sweep(sampler="tpe", storage=storage).table
    ours = {trial.user_attrs.get("network"): trial for trial in trials(storage)}
    assert len(trials(storage)) == len({trial.number for trial in trials(storage)}) == 21
    assert ours.pop(None).value == 0.5
    rates = dict(zip(table["network"].tolist(), table["learning_rate"].tolist(), strict=True))
    assert {number: trial.params["learning_rate"] for number, trial in ours.items()} == rates


def test_an_unknown_sampler_is_refused():
    with pytest.raises(ValueError, match="sampler='luck' is not known: choose from random"):
        sweep(sampler="luck")


@pytest.mark.parametrize("module", ["study", "space"])
def test_without_optuna_there_is_a_hint(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"optuna is not installed: pip install .bpfast\[sweep\]"):
        sweep(space={"l2": 0.1} if module == "study" else SPACE)
