"""Rounds of a sweep: two cohorts that alternate, and what Ctrl-C leaves of them."""

import signal

import numpy as np
import pytest
from sweeps import (
    FEATURES,
    NUMBERS,
    TARGET,
    WORDS,
    by_network,
    halved_sweep,
    kept_sweep,
    press,
    same,
    study_sweep,
    sweep,
)

import bpfast as bp
from bpfast.sweeps.halving import Halving
from bpfast.sweeps.trainer import Trainer
from bpfast.tables.splitting import split

optuna = pytest.importorskip("optuna")
r2_score = pytest.importorskip("sklearn.metrics").r2_score


@pytest.mark.parametrize("halving", [None, "successive"])
def test_a_sweep_in_which_all_networks_diverge_ends_with_its_table(halving):
    space = {"learning_rate": 1e12, "optimizer": "sgd", "batch_size": 2}
    result = sweep(NUMBERS, space=space, epochs=9, halving=halving)
    assert result.best is None
    assert result.table["diverged"].all()
    assert np.isneginf(result.table["validation_score"]).all()


def test_a_sampler_of_optunas_is_told_what_came_of_each_batch(monkeypatch):
    """Two cohorts of five alternate: one is asked for while the other is trained."""
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 10)
    seen = []

    class Watching(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, *others):
            seen.append(sum(t.state.is_finished() for t in study.get_trials(deepcopy=False)))
            return super().sample_independent(study, trial, *others)

    study_sweep(sampler=Watching(seed=0))
    assert set(seen) == {0, 5, 10}


def test_freed_room_is_filled_and_a_rung_knows_all_that_came_to_it(monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 12)  # two cohorts of 6
    sizes, advance = [], Trainer.advance

    def counted(self, job, *arguments):
        sizes.append((job.shard.epoch, len(job.shard)))
        return advance(self, job, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    halved = halved_sweep(
        halving="successive", sampler="tpe", space={"learning_rate": "1e-3:1e-1:log"}
    )
    assert sizes[:2] == [(0, 6), (0, 6)]
    assert sizes[2:4] == [(1, 2), (0, 4)]  # two go on, four are new: the first cohort is full again
    epochs = by_network(halved, "epochs")
    assert sorted(epochs) == list(range(40))
    assert set(epochs.values()) == {1, 3, 9}


# --- Ctrl-C ---------------------------------------------------------------------------------------


def test_an_interrupt_while_networks_are_scored_keeps_them(monkeypatch):
    predict, calls = bp.Population.predict, []

    def interrupted_predict(self, X, **options):
        if len(X) > 1:  # one row only makes sure that the kernel is compiled
            calls.append(len(self))
        if len(calls) == 1:
            press()
        return predict(self, X, **options)

    monkeypatch.setattr(bp.Population, "predict", interrupted_predict)
    result = sweep(WORDS)
    assert result.interrupted
    assert len(result.table["network"]) == calls[0] < 8
    assert np.isfinite(result.table["test_score"]).all()


def test_an_interrupt_while_kernels_are_compiled_ends_the_sweep_too(monkeypatch):
    compiled = Trainer.compile

    def interrupted_compile(self, *arguments):
        press()
        compiled(self, *arguments)

    monkeypatch.setattr(Trainer, "compile", interrupted_compile)
    result = sweep(WORDS, epochs=10**5)
    assert result.interrupted
    assert 0 < len(result.table["network"]) < 8
    assert (result.table["epochs"] < 10**5).all()


def test_after_ctrl_c_a_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    options = {"halving": "successive", "epochs": 9}
    expected = kept_sweep(tmp_path / "whole", **options)
    begun, advance = [], Trainer.advance

    def interrupted(self, job, *arguments):
        if job.until == 9 and not signal.getsignal(signal.SIGINT):
            press()
        return advance(self, job, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", interrupted)
        patch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # it ends after an epoch
        assert kept_sweep(tmp_path / "stopped", **options).interrupted
    monkeypatch.setattr(
        Trainer, "advance", lambda *a: begun.append(a[1].shard.epoch) or advance(*a)
    )
    resumed = kept_sweep(tmp_path / "stopped", resume=True, **options)
    same(resumed, expected)
    assert resumed.sample_updates == expected.sample_updates
    assert min(begun) >= 3  # what came to the rungs does not come there again


@pytest.mark.parametrize("stop", [75, 105, 135])
def test_after_ctrl_c_the_best_network_is_as_its_row_says(stop, tmp_path, monkeypatch):
    """Also where its training had paused on its way to the next rung, and was not begun again."""
    monkeypatch.setattr("bpfast.sweeps.recording.CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # it pauses after each epoch
    begun, advance = [], Trainer.advance

    def interrupted(self, *arguments):
        begun.append(arguments)
        if len(begun) == stop:
            press()
        return advance(self, *arguments)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    halving = Halving("successive", 27, factor=2)
    options = {"networks": 48, "epochs": 27, "halving": halving, "memory": 1, "run": tmp_path}
    result = halved_sweep(**options, space={"learning_rate": "1e-2:1e-1:log", "hidden": 4})
    assert result.interrupted
    rows = split(TARGET, 0, 0.2, 0.2, 0).validation
    score = r2_score(TARGET[rows], result.model.predict(FEATURES[rows], "reference"))
    assert result.table["validation_r2"][0] == pytest.approx(score, abs=1e-6)
    epochs = np.isfinite(result.losses).sum(axis=1)
    np.testing.assert_array_equal(result.table["epochs"], epochs)
