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
from sweeps import same

import bpfast as bp
from bpfast.run import read_manifest
from bpfast.trials import Trainer

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
    monkeypatch.setattr("bpfast.study.LEARNING_BATCH", 7)
    expected = sweep(tmp_path / "whole", sampler=sampler)
    stopped(tmp_path / "stopped", fits, sampler=sampler)
    same(sweep(tmp_path / "stopped", sampler=sampler, resume=True), expected)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_trained_is_not_trained_again(seed, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.study.LEARNING_BATCH", 4)
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
        patch.setattr("bpfast.rounds.CHECKPOINT_SECONDS", 0.0)
        patch.setattr("bpfast.training.CALL_SECONDS", 1e-9)  # an epoch a call
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
    ],
)
def test_another_sweep_is_refused(options, words, tmp_path):
    sweep(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=words):
        sweep(tmp_path, **options)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_other_data_are_refused(tmp_path):
    sweep(tmp_path)
    with pytest.raises(ValueError, match="was begun with other data"):
        bp.sweep(2 * X, Y, SPACE, 20, 3, device="reference", run=tmp_path, resume=True)


def test_a_folder_without_a_sweep_cannot_be_resumed(tmp_path):
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        sweep(tmp_path, resume=True)


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
        patch.setattr("bpfast.rounds.WRITE_SECONDS", 0.0)
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
    often = "import bpfast.rounds as r; r.WRITE_SECONDS = r.CHECKPOINT_SECONDS = 0.0; "

    def run(folder, kill_after=None):
        begun = (folder / "manifest.json").exists()
        where = ["--resume", folder] if begun else [path, *options, "--output", folder]
        code = often + "from bpfast.cli import main; main()"
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
