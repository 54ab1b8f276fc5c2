"""A sweep's folder: what is in it, and that a sweep that is refused leaves nothing."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sweeps import halved_sweep, kept_sweep, on_disk, same, stop_sweep

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.sweeps import candidates, recording, run_folder, workers
from bpfast.sweeps.ensembles import Picker
from bpfast.sweeps.kept_networks import read_networks
from bpfast.sweeps.run_folder import read_manifest, with_time_column
from bpfast.sweeps.trainer import Trainer
from bpfast.sweeps.words import ended_early

pytest.importorskip("polars")
optuna = pytest.importorskip("optuna")
pytest.importorskip("filelock")
pytest.importorskip("safetensors")


def test_more_networks_can_be_asked_for(tmp_path):
    few = kept_sweep(tmp_path / "grown", networks=8)
    assert len(few.table["network"]) == 8
    same(kept_sweep(tmp_path / "grown", resume=True), kept_sweep(tmp_path / "whole"))


def test_the_study_has_every_trial_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    stop_sweep(tmp_path, 2, storage=url)
    table = kept_sweep(tmp_path, storage=url, resume=True).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    assert sorted(trial.number for trial in study.trials) == list(range(20))
    assert study.best_value == table["validation_score"][0]


def test_only_the_best_networks_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "MOST", 5)
    monkeypatch.setattr(candidates.Candidates.__init__, "__defaults__", (5, 1 << 27))
    monkeypatch.setattr(recording, "WRITE_SECONDS", 0.0)
    monkeypatch.setattr(workers, "GRAIN", 1)
    result = kept_sweep(tmp_path)
    kept = {}
    for path in (tmp_path / "parts").glob("networks-*.safetensors"):
        kept |= read_networks(path)
    assert {*result.table["network"][:5]} <= kept.keys() < {*result.table["network"]}
    best = kept[result.table["network"][0]]
    np.testing.assert_array_equal(best.parameters, result.best.parameters)


def test_a_sweep_of_many_networks_trains_none_of_them_again(tmp_path, monkeypatch):
    """There are more than are kept, and more than are trained again at a time."""
    options = {"networks": 600, "space": {"learning_rate": "1e-3:1e-1:log"}, "epochs": 1}
    first = kept_sweep(tmp_path, **options)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", None)
        same(kept_sweep(tmp_path, resume=True, **options), first)
    for path in (tmp_path / "parts").glob("networks-*.safetensors"):
        path.unlink()  # as an older bpfast left it
    same(kept_sweep(tmp_path, resume=True, **options), first)


@pytest.mark.parametrize("cv", [None, 2])
def test_networks_that_were_pruned_are_trained_again_to_their_rungs(cv, tmp_path, monkeypatch):
    """Also where a fold's network had run out of patience before."""
    seen = []
    monkeypatch.setattr(Picker, "pick", lambda self, candidates, _: seen.append([*candidates]))
    space = {"learning_rate": "1e-2:1:log", "hidden": 3, "patience": "1:3", "batch_size": 8}
    options = {"halving": "successive", "epochs": 27, "networks": 60, "space": space, "cv": cv}
    table = halved_sweep(run=tmp_path, **options).table
    assert ended_early(table, 27).any()
    for path in (tmp_path / "parts").glob("networks-*.safetensors"):
        path.unlink()
    halved_sweep(run=tmp_path, resume=True, **options)
    for before, after in zip(*seen, strict=True):
        assert before.row["network"] == after.row["network"]
        np.testing.assert_array_equal(before.networks.parameters, after.networks.parameters)


def test_a_halving_that_begins_anew_keeps_its_own_networks(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "WRITE_SECONDS", 0.0)
    halved_sweep(halving="successive", run=tmp_path, networks=20)
    result = halved_sweep(halving="successive", run=tmp_path, networks=40, resume=True)
    same(result, halved_sweep(halving="successive", networks=40))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", None)
        again = halved_sweep(halving="successive", run=tmp_path, networks=40, resume=True)
    same(again, result)


def test_a_crash_between_networks_and_their_rows_loses_no_file(tmp_path, monkeypatch):
    """The same networks come again, with others: they are in the file that takes its place."""
    monkeypatch.setattr(workers, "GRAIN", 1)
    with monkeypatch.context() as patch:
        patch.setattr(recording, "WRITE_SECONDS", 0.0)
        patch.setattr(run_folder, "write_whole", full)
        with pytest.raises(OSError, match="full"):
            kept_sweep(tmp_path)
    crashed = {*read_networks(tmp_path / "parts" / "networks-00000000.safetensors")}
    assert crashed < {*range(20)}
    result = kept_sweep(tmp_path, resume=True)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", None)
        same(kept_sweep(tmp_path, resume=True), result)


def full(path, write):
    raise OSError("no space is left: the disk is full")


def test_a_folder_of_an_older_bpfast_goes_on(tmp_path):
    """What it did not write down may be anything, and is written down now."""
    first = kept_sweep(tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    whole = dict(manifest["settings"])
    for name in ("classes", "cross_validation", "held_out", "runs_on", "sampler_settings"):
        del manifest["settings"][name]
    path.write_text(json.dumps(manifest))
    same(kept_sweep(tmp_path, resume=True), first)
    assert read_manifest(tmp_path)["settings"] == whole


def test_what_was_called_time_is_the_column_of_times():
    assert with_time_column({"time": "sold"}) == {"time": None, "time_column": "sold"}
    for said in ({"time": 60.0, "time_column": "sold"}, {"time": None}, {}):
        assert with_time_column(said) == said


def test_a_folder_without_a_sweep_cannot_be_resumed(tmp_path):
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        kept_sweep(tmp_path / "new", resume=True)
    with pytest.raises(ValueError, match="resume=True goes on with what is in run, or in storage"):
        kept_sweep(None, resume=True)
    assert not on_disk(tmp_path)


# --- a refused sweep leaves nothing ---------------------------------------------------------------


class Picky(optuna.samplers.RandomSampler):
    """A sampler that cannot do any space."""

    def sample_independent(self, *_):
        raise ValueError("not this space")


def database(folder):
    """A storage that has a study of the usual name."""
    url = f"sqlite:///{folder / 'taken.db'}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.create_study(study_name="bpfast", storage=url)
    return url


def no_database(folder):
    (folder / "words.db").write_text("These are words. " * 100)
    return f"sqlite:///{folder / 'words.db'}"


REFUSED = {
    "a study's name is taken": lambda folder: {"storage": database(folder)},
    "no folder for the storage": lambda folder: {"storage": f"sqlite:///{folder / 'no' / 's.db'}"},
    "no database": lambda folder: {"storage": no_database(folder)},
    "no URL": lambda folder: {"storage": "study.db"},
    "no such database": lambda folder: {"storage": "redis://nowhere"},
    "a grid of ranges": lambda folder: {"sampler": "grid"},
    "a sampler that cannot do the space": lambda folder: {"sampler": Picky()},
    "another sampler": lambda folder: {"sampler": "luck"},
    "cmaes is missing": lambda folder: {"sampler": "cmaes"},
    "scipy is missing": lambda folder: {"sampler": "qmc"},
    "no such device": lambda folder: {"device": "gpu"},
    "a device that is not there": lambda folder: {"device": "cuda"},
    "no memory": lambda folder: {"memory": 0},
    "no client": lambda folder: {"client": object()},
    "no networks": lambda folder: {"networks": 0},
    "no halving": lambda folder: {"halving": "third"},
    "a share of all rows": lambda folder: {"test": 1.0},
    "nothing to resume": lambda folder: {"resume": True},
}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_sweep_leaves_nothing(why, there, tmp_path, monkeypatch):
    monkeypatch.setattr(cuda.device, "problem", lambda: "there is no GPU")
    for package in ("cmaes", "scipy"):
        if package in why:
            monkeypatch.setitem(sys.modules, package, None)
    folder = tmp_path / "deep" / "run"
    if there:
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("mine")
    options = {"storage": f"sqlite:///{folder / 'study.db'}"} | REFUSED[why](tmp_path)
    before = on_disk(tmp_path)
    with pytest.raises((ValueError, TypeError, OSError, ImportError, bp.DeviceError)):
        kept_sweep(folder, **options)
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("package", ["filelock", "polars", "safetensors"])
def test_what_is_missing_is_told_before_a_folder_is_made(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"{package} is not installed"):
        kept_sweep(tmp_path / "run")
    assert not on_disk(tmp_path)


@pytest.mark.parametrize("by", ["file", "object"])
def test_a_folder_that_cannot_be_begun_leaves_no_study(by, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    storage = optuna.storages.InMemoryStorage()
    given = storage if by == "object" else f"sqlite:///{tmp_path / 'run' / 'study.db'}"
    monkeypatch.setattr("bpfast.sweeps.run_folder.write_json", full)
    with pytest.raises(OSError, match="No space left"):
        kept_sweep(tmp_path / "run", storage=given)
    assert not on_disk(tmp_path)
    assert not storage.get_all_studies()


def test_a_file_in_the_folders_place_is_left(tmp_path):
    (tmp_path / "run").write_text("mine")
    for folder in (tmp_path / "run", tmp_path / "run" / "deeper"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            kept_sweep(folder, storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert on_disk(tmp_path) == {tmp_path / "run": b"mine"}


def test_a_second_process_is_refused(tmp_path):
    kept_sweep(tmp_path)
    code = (
        "import sys, filelock\n"
        "lock = filelock.FileLock(sys.argv[1])\n"
        "lock.acquire()\n"
        "print(flush=True)\n"
        "input()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as other:
        try:
            assert other.stdout.readline() == "\n"
            with pytest.raises(ValueError, match="another process writes to"):
                kept_sweep(tmp_path, resume=True)
        finally:
            other.kill()
    assert len(kept_sweep(tmp_path, resume=True).table["network"]) == 20


def test_what_a_killed_process_had_not_filled_is_not_read(tmp_path):
    """Names that it had for files end as those of whole ones do."""
    stop_sweep(tmp_path, 2)
    left = [tmp_path / "parts" / ".1.tmp.00000000.parquet", tmp_path / ".1.tmp.manifest.json"]
    for path in left:
        path.write_bytes(b"PAR1")
    same(kept_sweep(tmp_path, resume=True), kept_sweep(None))
    assert not any(path.exists() for path in left)
