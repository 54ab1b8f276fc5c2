"""A sweep's folder: what is kept, what a resumed sweep comes to, and what is refused."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sweeps import on_disk, same

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.sweeps.folds import cut
from bpfast.sweeps.run_folder import read_manifest
from bpfast.sweeps.trials import Trainer

pl = pytest.importorskip("polars")
optuna = pytest.importorskip("optuna")
pytest.importorskip("filelock")
pytest.importorskip("safetensors")

SPACE = {"learning_rate": "1e-3:1e-1:log", "hidden": [2, 3], "batch_size": [8, 16]}
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
Y = np.where(X[:, 0] > X[:, 1], "more", "less")


def sweep(folder, **options):
    settings = {"space": SPACE, "networks": 20, "epochs": 3, "device": "reference"}
    return bp.sweep(X, Y, run=folder, **settings | options)


@pytest.fixture
def stopped(monkeypatch):
    """Runs a sweep that breaks after so many fits."""

    def stop(folder, fits, **options):
        done = []

        def advance(self, *arguments, advance=Trainer.advance):
            if len(done) == fits:
                raise InterruptedError("stopped")
            done.append(arguments)
            return advance(self, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "advance", advance)
            with pytest.raises(InterruptedError):
                sweep(folder, **options)

    return stop


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("fits", [0, 1, 3])
def test_a_resumed_sweep_is_as_if_it_had_never_stopped(
    sampler, fits, stopped, tmp_path, monkeypatch
):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 7)
    expected = sweep(tmp_path / "whole", sampler=sampler)
    stopped(tmp_path / "stopped", fits, sampler=sampler)
    same(sweep(tmp_path / "stopped", sampler=sampler, resume=True), expected)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_trained_is_not_trained_again(seed, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 4)
    options = {"sampler": "tpe", "seed": seed}
    expected = sweep(tmp_path, **options)
    monkeypatch.setattr(Trainer, "advance", lambda *_: pytest.fail("trained again"))
    same(sweep(tmp_path, resume=True, **options), expected)


def test_a_cross_validation_resumes_too(stopped, tmp_path):
    expected = sweep(tmp_path / "whole", cv=3)
    stopped(tmp_path / "stopped", 2, cv=3)
    same(sweep(tmp_path / "stopped", cv=3, resume=True), expected)
    assert not list((tmp_path / "stopped" / "parts").glob("best-*"))  # it is trained at the end


def test_more_networks_can_be_asked_for(tmp_path):
    few = sweep(tmp_path / "grown", networks=8)
    assert len(few.table["network"]) == 8
    same(sweep(tmp_path / "grown", resume=True), sweep(tmp_path / "whole"))


def test_the_study_has_every_trial_once(stopped, tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    stopped(tmp_path, 2, storage=url)
    table = sweep(tmp_path, storage=url, resume=True).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    assert sorted(trial.number for trial in study.trials) == list(range(20))
    assert study.best_value == table["validation_score"][0]


@pytest.mark.parametrize("cv", [None, 2])
def test_a_long_training_pauses_for_checkpoints_and_goes_on_from_the_last(
    cv, tmp_path, monkeypatch
):
    options = {"epochs": 6, "cv": cv, "space": SPACE | {"optimizer": ["adam", "sgd"]}}
    expected = sweep(tmp_path / "whole", **options)
    begun, advance = [], Trainer.advance

    def counted(self, shard, *arguments):
        if len(begun) == 9:
            raise InterruptedError("stopped")
        begun.append(bool(shard.states))
        return advance(self, shard, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr("bpfast.sweeps.rounds.CHECKPOINT_SECONDS", 0.0)
        patch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # an epoch a call
        patch.setattr(Trainer, "advance", counted)
        with pytest.raises(InterruptedError):
            sweep(tmp_path / "stopped", **options)
    begun.clear()
    monkeypatch.setattr(Trainer, "advance", counted)
    same(sweep(tmp_path / "stopped", resume=True, **options), expected)
    assert any(begun)


def test_after_ctrl_c_a_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    options = {"halving": "successive", "epochs": 9}
    expected = sweep(tmp_path / "whole", **options)
    begun, advance = [], Trainer.advance

    def counted(self, shard, until, *arguments):
        begun.append(shard.epoch)
        if until == 9:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # the main thread, which may be busy, sees it
        return advance(self, shard, until, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", counted)
        assert sweep(tmp_path / "stopped", **options).interrupted
    begun.clear()
    monkeypatch.setattr(Trainer, "advance", lambda *a: begun.append(a[1].epoch) or advance(*a))
    resumed = sweep(tmp_path / "stopped", resume=True, **options)
    same(resumed, expected)
    assert resumed.sample_updates == expected.sample_updates
    assert min(begun) >= 3  # what came to the rungs does not come there again


def test_a_small_memory_changes_no_number(monkeypatch):
    expected = sweep(None)
    sizes, advance = [], Trainer.advance

    def counted(self, shard, *arguments):
        sizes.append(len(shard.trials.numbers))
        return advance(self, shard, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    same(sweep(None, memory=1), expected)
    assert sizes == [1] * 20


def test_only_the_best_network_is_kept(tmp_path):
    result = sweep(tmp_path)
    (path,) = (tmp_path / "parts").glob("best-*.safetensors")
    kept = bp.Population.load(path)
    np.testing.assert_array_equal(kept.parameters, result.best.parameters)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "has a sweep already: resume it"),
        ({"resume": True, "epochs": 4}, "was begun with epochs=3, not 4"),
        ({"resume": True, "space": SPACE | {"hidden": 2}}, "was begun with space="),
        ({"resume": True, "seed": 1}, "was begun with seed=0, not 1"),
        ({"resume": True, "networks": 19}, "was begun with networks=20, not 19"),
        ({"resume": True, "halving": "successive"}, "was begun with halving=None, not"),
        ({"resume": True, "cv": 2}, "was begun with cross_validation=False, not True"),
        ({"resume": True, "sampler": "tpe"}, "was begun with sampler='random', not 'tpe'"),
        ({"resume": True, "device": "auto"}, "was begun with device='reference', not 'auto'"),
    ],
)
def test_another_sweep_is_refused(options, words, tmp_path):
    sweep(tmp_path)
    before = on_disk(tmp_path)
    with pytest.raises(ValueError, match=words):
        sweep(tmp_path, **options)
    assert before == on_disk(tmp_path)


def test_other_data_are_refused(tmp_path):
    sweep(tmp_path)
    options = {"device": "reference", "run": tmp_path, "resume": True}
    with pytest.raises(ValueError, match="was begun with other data"):
        bp.sweep(2 * X, Y, SPACE, 20, 3, **options)
    renamed = np.where(Y == "more", "much", "little")
    with pytest.raises(ValueError, match="was begun with other names of classes"):
        bp.sweep(X, renamed, SPACE, 20, 3, **options)


class OfRows:
    """A splitter that finds the same rows of X wherever they are."""

    def __init__(self, rows):
        self.rows = rows

    def split(self, given, *_):
        there = np.flatnonzero(np.isin(given[:, 0], X[self.rows, 0]))
        return [(there[::2], there[1::2])]


def test_another_test_part_is_refused(tmp_path):
    """Folds are the same; of the other rows not the same ones are held out."""
    groups = [np.arange(60) // 10, np.roll(np.arange(60) // 10, 10)]
    cuts = [cut(X, X[:, 0], 0, 0.2, 0.2, OfRows(slice(None)), own, 0) for own in groups]
    assert not np.array_equal(cuts[0].test, cuts[1].test)
    folds = OfRows(np.intersect1d(*(own.whole for own in cuts)))
    sweep(tmp_path, cv=folds, groups=groups[0], networks=2)
    with pytest.raises(ValueError, match="was begun with another test part"):
        sweep(tmp_path, cv=folds, groups=groups[1], networks=2, resume=True)


@pytest.mark.parametrize("other", [{"seed": 2}, {"seed": 1, "n_startup_trials": 3}])
def test_a_sampler_of_other_settings_is_refused(other, tmp_path):
    made = optuna.samplers.TPESampler
    first = sweep(tmp_path, sampler=made(seed=1), networks=5)
    with pytest.raises(ValueError, match="was begun with a sampler of other settings"):
        sweep(tmp_path, sampler=made(**other), networks=5, resume=True)
    same(sweep(tmp_path, sampler=made(seed=1), networks=5, resume=True), first)


def test_a_device_is_the_same_wherever_auto_is_another(tmp_path, monkeypatch):
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    first = sweep(tmp_path, device="auto", networks=3)
    monkeypatch.setenv("BPFAST_DEVICE", "cpu")
    with pytest.raises(ValueError, match="device='auto' on 'reference', which is 'cpu' here"):
        sweep(tmp_path, device="auto", networks=3, resume=True)
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    same(sweep(tmp_path, device="auto", networks=3, resume=True), first)


def test_a_folder_of_an_older_bpfast_goes_on(tmp_path):
    """What it did not write down may be anything, and is written down now."""
    first = sweep(tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    whole = dict(manifest["settings"])
    for name in ("classes", "cross_validation", "held_out", "runs_on", "sampler_settings"):
        del manifest["settings"][name]
    path.write_text(json.dumps(manifest))
    same(sweep(tmp_path, resume=True), first)
    assert read_manifest(tmp_path)["settings"] == whole


def test_a_folder_without_a_sweep_cannot_be_resumed(tmp_path):
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        sweep(tmp_path / "new", resume=True)
    with pytest.raises(ValueError, match="resume=True goes on with what is in run, or in storage"):
        sweep(None, resume=True)
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
        sweep(folder, **options)
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("package", ["filelock", "polars", "safetensors"])
def test_what_is_missing_is_told_before_a_folder_is_made(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"{package} is not installed"):
        sweep(tmp_path / "run")
    assert not on_disk(tmp_path)


@pytest.mark.parametrize("by", ["file", "object"])
def test_a_folder_that_cannot_be_begun_leaves_no_study(by, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    storage = optuna.storages.InMemoryStorage()
    given = storage if by == "object" else f"sqlite:///{tmp_path / 'run' / 'study.db'}"
    monkeypatch.setattr("bpfast.sweeps.run_folder._write", full)
    with pytest.raises(OSError, match="No space left"):
        sweep(tmp_path / "run", storage=given)
    assert not on_disk(tmp_path)
    assert not storage.get_all_studies()


def test_a_file_in_the_folders_place_is_left(tmp_path):
    (tmp_path / "run").write_text("mine")
    for folder in (tmp_path / "run", tmp_path / "run" / "deeper"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            sweep(folder, storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert on_disk(tmp_path) == {tmp_path / "run": b"mine"}


def test_a_second_process_is_refused(tmp_path):
    sweep(tmp_path)
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
                sweep(tmp_path, resume=True)
        finally:
            other.kill()
    assert len(sweep(tmp_path, resume=True).table["network"]) == 20


def test_a_full_disk_leaves_what_was_written(tmp_path, monkeypatch):
    expected = sweep(tmp_path / "whole")
    write, written = pl.DataFrame.write_parquet, []

    def full(self, path, *arguments, **options):
        if len(written) == 2:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        written.append(path)
        write(self, path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("bpfast.sweeps.rounds.WRITE_SECONDS", 0.0)
        patch.setattr(pl.DataFrame, "write_parquet", full)
        with pytest.raises(OSError, match="No space left"):
            sweep(tmp_path / "full")
    assert len(list((tmp_path / "full" / "parts").glob("*parquet*"))) == 2
    same(sweep(tmp_path / "full", resume=True), expected)


def test_what_a_killed_process_had_not_filled_is_not_read(stopped, tmp_path):
    """Names that it had for files end as those of whole ones do."""
    stopped(tmp_path, 2)
    left = [tmp_path / "parts" / ".1.tmp.00000000.parquet", tmp_path / ".1.tmp.manifest.json"]
    for path in left:
        path.write_bytes(b"PAR1")
    same(sweep(tmp_path, resume=True), sweep(None))
    assert not any(path.exists() for path in left)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_killed_sweep_resumes_to_the_same_results(tmp_path):
    """By kill -9 at ten random moments, on the command line."""
    path = tmp_path / "data.npz"
    np.savez(path, X=X, y=Y)
    options = ["--networks", "160", "--epochs", "6", "--hidden", "2,3", "--sampler", "tpe"]
    options += ["--device", "reference", "--halving", "hyperband"]
    often = "import bpfast.sweeps.rounds as r; r.WRITE_SECONDS = r.CHECKPOINT_SECONDS = 0.0; "

    def run(folder, kill_after=None):
        begun = (folder / "manifest.json").exists()
        where = ["--resume", folder] if begun else [path, *options, "--output", folder]
        code = often + "from bpfast.command import main; main()"
        command = [sys.executable, "-c", code, "sweep", *map(str, where)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            if kill_after is not None:
                process.stdout.readline()  # all is imported
                time.sleep(kill_after)
                process.send_signal(signal.SIGKILL)
            _, err = process.communicate(timeout=120)
        assert kill_after is not None or process.returncode == 0, err

    run(tmp_path / "whole")
    moments = random.Random(0)
    for _ in range(10):
        run(tmp_path / "killed", moments.uniform(0.0, 0.8))
    run(tmp_path / "killed")
    for name in ("networks.csv", "losses.parquet"):
        whole, killed = ((tmp_path / f / name).read_bytes() for f in ("whole", "killed"))
        assert whole == killed, name
    best = [bp.Model.load(tmp_path / folder / "best.safetensors") for folder in ("whole", "killed")]
    np.testing.assert_array_equal(best[0].population.parameters, best[1].population.parameters)
    for folder in ("whole", "killed"):
        url = f"sqlite:///{tmp_path / folder / 'study.db'}"
        assert len(optuna.load_study(study_name="bpfast", storage=url).trials) == 160
    assert not read_manifest(tmp_path / "killed")["interrupted"]
    assert json.loads((tmp_path / "killed" / "command.json").read_text())["sampler"] == "tpe"
