"""A study in a storage: it knows whose it is, and takes each trial once."""

import pytest
from sweeps import STUDY_SPACE, on_disk, study_sweep

from bpfast.sweeps import study as study_module
from bpfast.sweeps import study_tables
from bpfast.sweeps.storage import quiet
from bpfast.sweeps.study import Study

optuna = pytest.importorskip("optuna")


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


def test_a_study_that_is_there_is_not_written_to(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study_sweep(networks=3, storage=url)
    with pytest.raises(ValueError, match="has a study named 'bpfast' already"):
        study_sweep(networks=3, storage=url)
    study_sweep(networks=3, storage=url, study_name="second")
    assert len(optuna.load_study(study_name="bpfast", storage=url).trials) == 3


@pytest.mark.parametrize(
    ("inside", "begun", "refused"),
    [(True, False, False), (True, True, True), (False, False, True)],
    ids=["left by a kill", "with a trial", "in another folder"],
)
def test_a_study_without_trials_in_the_sweeps_own_folder_is_forgotten(
    inside, begun, refused, tmp_path
):
    folder = tmp_path / "run"
    folder.mkdir()
    url = f"sqlite:///{(folder if inside else tmp_path) / 'study.db'}"
    with quiet():
        left = optuna.create_study(study_name="bpfast", storage=url, direction="maximize")
    if begun:
        left.add_trial(optuna.trial.create_trial(value=0.5))
    if refused:
        with pytest.raises(ValueError, match="has a study named 'bpfast' already"):
            study_sweep(networks=3, storage=url, run=folder)
    else:
        study_sweep(networks=3, storage=url, run=folder)
        assert len(trials(url)) == 3


def test_a_storage_of_optunas_is_taken_as_it_is(tmp_path):
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal"))
    storage = optuna.storages.JournalStorage(backend)
    study_sweep(storage=storage, study_name="mine")
    assert len(optuna.load_study(study_name="mine", storage=storage).trials) == 20


@pytest.mark.parametrize("storage", ["tables", "object"], indirect=True)
@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"epochs": 3},
            "study 'bpfast' was begun with epochs=2, not 3: begin another",
        ),
        ({"space": STUDY_SPACE | {"hidden": 3}}, "was begun with space="),
    ],
)
def test_a_study_knows_whose_it_is(other, words, storage, tmp_path):
    study_sweep(storage=storage, networks=3)
    before = [(trial.number, trial.value, trial.params) for trial in trials(storage)]
    study_sweep(run=tmp_path / "run", networks=3, **other)
    files = on_disk(tmp_path / "run")
    for run in (None, tmp_path / "run"):
        with pytest.raises(ValueError, match=words):
            study_sweep(storage=storage, resume=True, run=run, networks=3, **other)
    assert on_disk(tmp_path / "run") == files
    assert [(trial.number, trial.value, trial.params) for trial in trials(storage)] == before
    study_sweep(storage=storage, resume=True, networks=4)  # it may grow, with a folder or without
    assert sorted(trial.user_attrs["network"] for trial in trials(storage)) == list(range(4))


@pytest.mark.parametrize("storage", ["object"], indirect=True)
@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("other", [{"seed": 1}, {"space": STUDY_SPACE | {"hidden": 3}}])
def test_a_study_of_an_older_bpfast_is_taken_where_its_trials_agree(sampler, other, storage):
    """It does not say whose it is."""
    study_sweep(storage=storage, networks=8, sampler=sampler)
    old = optuna.create_study(study_name="old", storage=storage, direction="maximize")
    old.add_trials(trials(storage))
    with pytest.raises(ValueError, match=r"is not this sweep's|it is another sweep's"):
        study_sweep(storage=storage, study_name="old", resume=True, sampler=sampler, **other)
    assert len(trials(storage, "old")) == 8
    study_sweep(storage=storage, study_name="old", resume=True, networks=10, sampler=sampler)
    numbers = [trial.user_attrs["network"] for trial in trials(storage, "old")]
    assert sorted(numbers) == list(range(10))


@pytest.mark.parametrize("storage", ["object"], indirect=True)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_somebody_elses_study_is_not_taken(direction, storage):
    study = optuna.create_study(study_name="bpfast", storage=storage, direction=direction)
    if direction == "maximize":
        study.optimize(lambda trial: trial.suggest_float("learning_rate", 0, 1), n_trials=3)
    with pytest.raises(ValueError, match="study 'bpfast' in the storage is not this sweep's"):
        study_sweep(storage=storage, resume=True)
    assert len(trials(storage)) == (3 if direction == "maximize" else 0)
    optuna.create_study(study_name="mine", storage=storage, direction="maximize")
    study_sweep(storage=storage, study_name="mine", resume=True)  # it was made for the sweep
    assert len(trials(storage, "mine")) == 20


@pytest.mark.parametrize("storage", ["tables", "object"], indirect=True)
def test_a_study_that_appears_meanwhile_is_refused(storage, monkeypatch):
    monkeypatch.setattr("optuna.get_all_study_names", lambda *_: [])
    optuna.create_study(study_name="bpfast", storage=storage)
    with pytest.raises(ValueError, match="has a study named 'bpfast' already"):
        study_sweep(storage=storage)
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
            study_sweep(sampler="tpe", storage=storage, resume=True)
        tell(self, *what)

    monkeypatch.setattr(Study, "tell", busy)
    table = study_sweep(sampler="tpe", storage=storage).table
    ours = {trial.user_attrs.get("network"): trial for trial in trials(storage)}
    assert len(trials(storage)) == len({trial.number for trial in trials(storage)}) == 21
    assert ours.pop(None).value == 0.5
    rates = dict(zip(table["network"].tolist(), table["learning_rate"].tolist(), strict=True))
    assert {number: trial.params["learning_rate"] for number, trial in ours.items()} == rates
