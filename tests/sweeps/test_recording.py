"""What a sweep writes while it goes on: a resumed one ends as if it had never been stopped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sweeps import (
    CLASSES,
    FEATURES,
    KEPT_SPACE,
    by_network,
    halved_sweep,
    kept_sweep,
    same,
    stop_sweep,
)

import bpfast as bp
from bpfast.kernels.task import DIVERGED, RUNNING
from bpfast.sweeps.checkpoints import Checkpoint
from bpfast.sweeps.recording import Recorder
from bpfast.sweeps.run_folder import read_manifest
from bpfast.sweeps.trainer import Trainer
from bpfast.sweeps.trials import Trial

pl = pytest.importorskip("polars")
optuna = pytest.importorskip("optuna")
pytest.importorskip("filelock")
pytest.importorskip("safetensors")


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize("fits", [0, 1, 3])
def test_a_resumed_sweep_is_as_if_it_had_never_stopped(sampler, fits, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 7)
    expected = kept_sweep(tmp_path / "whole", sampler=sampler)
    stop_sweep(tmp_path / "stopped", fits, sampler=sampler)
    same(kept_sweep(tmp_path / "stopped", sampler=sampler, resume=True), expected)


@pytest.mark.parametrize("seed", range(3))
def test_what_was_trained_is_not_trained_again(seed, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 4)
    options = {"sampler": "tpe", "seed": seed}
    expected = kept_sweep(tmp_path, **options)
    monkeypatch.setattr(Trainer, "advance", lambda *_: pytest.fail("trained again"))
    same(kept_sweep(tmp_path, resume=True, **options), expected)


def test_a_cross_validation_resumes_too(tmp_path):
    expected = kept_sweep(tmp_path / "whole", cv=3)
    stop_sweep(tmp_path / "stopped", 2, cv=3)
    same(kept_sweep(tmp_path / "stopped", cv=3, resume=True), expected)
    assert not list((tmp_path / "stopped" / "parts").glob("best-*"))  # it is trained at the end


@pytest.mark.parametrize("cv", [None, 2])
def test_a_long_training_pauses_for_checkpoints_and_goes_on_from_the_last(
    cv, tmp_path, monkeypatch
):
    options = {"epochs": 6, "cv": cv, "space": KEPT_SPACE | {"optimizer": ["adam", "sgd"]}}
    expected = kept_sweep(tmp_path / "whole", **options)
    begun, advance = [], Trainer.advance

    def counted(self, job, *arguments):
        if len(begun) == 9:
            raise InterruptedError("stopped")
        begun.append(bool(job.shard.states))
        return advance(self, job, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr("bpfast.sweeps.recording.CHECKPOINT_SECONDS", 0.0)
        patch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # an epoch a call
        patch.setattr(Trainer, "advance", counted)
        with pytest.raises(InterruptedError):
            kept_sweep(tmp_path / "stopped", **options)
    begun.clear()
    monkeypatch.setattr(Trainer, "advance", counted)
    same(kept_sweep(tmp_path / "stopped", resume=True, **options), expected)
    assert any(begun)


@pytest.mark.parametrize(
    ("epochs_run", "status", "is_past"),
    [
        ([3, 3], [RUNNING, RUNNING], False),
        ([4, 3], [RUNNING, RUNNING], True),
        ([3, 3], [DIVERGED, RUNNING], True),
        ([5, 5], [RUNNING, RUNNING], True),
    ],
)
def test_a_rung_has_the_loss_of_the_rung(epochs_run, status, is_past):
    """A checkpoint may hold folds that are past a rung: what they score then is not the rung's."""
    state = {"epochs_run": np.array(epochs_run), "status": np.array(status)}
    checkpoint = Checkpoint(state, min(epochs_run), {3: -0.5})
    recorder = Recorder(SimpleNamespace(rows={}, checkpoints={7: checkpoint}))
    trial = Trial(7, {})
    recorder.restore(trial)
    trial.stop = 3
    assert recorder.recall(trial, epochs=9) == is_past
    assert trial.rungs == ([(3.0, -0.5)] if is_past else [])
    assert not trial.ended


def test_a_halved_sweep_resumes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 10)
    options = {"halving": "hyperband", "sampler": "tpe"}
    expected = halved_sweep(**options)
    storage = optuna.storages.InMemoryStorage()
    options |= {"run": tmp_path, "storage": storage}
    halved_sweep(**options, networks=20)
    study = optuna.load_study(study_name="bpfast", storage=storage)
    study.tell(study.ask(), 0.5)  # somebody's own, which stays
    resumed = halved_sweep(**options, resume=True)
    for name, column in expected.table.items():
        np.testing.assert_array_equal(resumed.table[name], column)
    np.testing.assert_array_equal(resumed.losses, expected.losses)
    told = optuna.load_study(study_name="bpfast", storage=storage).trials
    ours = {t.user_attrs.get("network"): t.user_attrs.get("epochs") for t in told}
    assert len(told) == 41
    assert ours == by_network(expected, "epochs") | {None: None}


def test_a_full_disk_leaves_what_was_written(tmp_path, monkeypatch):
    expected = kept_sweep(tmp_path / "whole")
    write, written = pl.DataFrame.write_parquet, []

    def full(self, path, *arguments, **options):
        if len(written) == 2:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        written.append(path)
        write(self, path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("bpfast.sweeps.recording.WRITE_SECONDS", 0.0)
        patch.setattr(pl.DataFrame, "write_parquet", full)
        with pytest.raises(OSError, match="No space left"):
            kept_sweep(tmp_path / "full")
    assert len(list((tmp_path / "full" / "parts").glob("*parquet*"))) == 2
    same(kept_sweep(tmp_path / "full", resume=True), expected)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_killed_sweep_resumes_to_the_same_results(tmp_path):
    """By kill -9 at four random moments, on the command line."""
    path = tmp_path / "data.npz"
    np.savez(path, X=FEATURES, y=CLASSES)
    options = ["--networks", "160", "--epochs", "6", "--hidden", "2,3", "--sampler", "tpe"]
    options += ["--device", "reference", "--halving", "hyperband"]
    often = "import bpfast.sweeps.recording as r; r.WRITE_SECONDS = r.CHECKPOINT_SECONDS = 0.0; "

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
            _, err = process.communicate(timeout=300)
        assert kill_after is not None or process.returncode == 0, err

    run(tmp_path / "whole")
    moments = random.Random(0)
    for _ in range(4):
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
