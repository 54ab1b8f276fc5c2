"""Rounds of a sweep: two cohorts that alternate, and what Ctrl-C leaves of them."""

import signal

import numpy as np
import pytest
from clocks import Machine, use
from sweeps import (
    FEATURES,
    NUMBERS,
    TARGET,
    WORDS,
    X,
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
from bpfast.sweeps.run_folder import read_manifest
from bpfast.sweeps.study import Study
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


@pytest.mark.parametrize("cv", [None, 2])
def test_who_is_pruned_does_not_depend_on_who_ran_out_of_patience_beside_it(cv):
    space = {"learning_rate": "1e-3:1:log", "hidden": 3, "patience": "1:4", "batch_size": 8}
    options = {"halving": "successive", "epochs": 27, "space": space, "networks": 60, "cv": cv}
    whole = halved_sweep(**options)
    assert whole.table["stopped"].any()
    same(halved_sweep(memory=1, **options), whole)  # each in a shard of its own


# --- time -----------------------------------------------------------------------------------------


TIMED = {"space": {"hidden": 3, "learning_rate": "1e-3:1e-1:log"}, "epochs": 4, "networks": None}
A_NETWORK = 6 * ((3 + 1) * 3 + 4) * 54 * 4  # operations, for NUMBERS without folds


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({}, 140),
        ({"sampler": "tpe"}, 80),
        ({"sampler": "qmc"}, 140),
        ({"cv": 3}, 50),
        ({"halving": "successive"}, 30),
        ({"halving": "hyperband"}, 30),
    ],
)
def test_networks_are_drawn_until_time_is_over(options, least, monkeypatch):
    """On a machine that takes a second for 40 of them; each is as in a sweep of so many."""
    with monkeypatch.context() as patch:
        machine = use(Machine(40 * A_NETWORK), patch)
        result = sweep(NUMBERS, time=4.0, **TIMED | options)
    assert result.ended_by_time
    assert not result.interrupted
    assert machine.now <= 4.0
    assert result.seconds <= 0.95 * 4.0
    complete = result.table["network"][result.table["epochs"] == 4]
    assert least <= len(complete) <= 152
    networks = int(result.table["network"].max()) + 1
    whole = sweep(NUMBERS, **TIMED | options | {"networks": networks})
    for name in ("learning_rate", *(() if "halving" in options else ("loss", "validation_score"))):
        own, others = by_network(result, name), by_network(whole, name)
        assert all(own[number] == others[number] for number in complete.tolist())


@pytest.mark.parametrize("options", [{}, {"sampler": "tpe"}, {"halving": "successive"}])
def test_there_is_a_result_however_short_the_time_is(options):
    result = sweep(NUMBERS, time=1e-6, **TIMED | options)
    assert result.ended_by_time
    assert len(result.table["network"]) > 0
    assert result.model is not None


def test_a_sweep_may_be_done_before_its_time(monkeypatch):
    machine = use(Machine(40 * A_NETWORK), monkeypatch)
    result = sweep(NUMBERS, time=4.0, **TIMED | {"networks": 60})
    assert not result.ended_by_time
    assert sorted(result.table["network"]) == [*range(60)]
    assert machine.now < 2.0


@pytest.mark.parametrize("cv", [None, 2])
@pytest.mark.parametrize("patience", [None, 1000])
def test_what_is_on_its_way_when_time_is_over_ends_as_it_is(cv, patience):
    """Its row, its losses and its parameters are of the same epoch: with patience the best."""
    space = TIMED["space"] | ({} if patience is None else {"patience": patience})
    result = sweep(NUMBERS, time=0.3, **TIMED | {"epochs": 10**5, "space": space, "cv": cv})
    assert result.ended_by_time
    assert 0 < len(result.table["network"]) < 500
    assert (result.table["epochs"] < 10**5).all()
    assert not result.table.get("stopped", np.False_).any()  # time is over, not patience
    epochs = np.isfinite(result.losses).sum(axis=1)  # that all folds were trained for
    assert (epochs <= result.table["epochs"]).all()
    if cv is None or patience is None:
        np.testing.assert_array_equal(epochs, result.table["epochs"])
    if cv is None:
        rows = result.rows["validation"]
        score = r2_score(NUMBERS[rows], result.model.predict(X[rows], "reference"))
        assert result.table["validation_r2"][0] == pytest.approx(score, abs=1e-6)
    seconds, networks, best = result.curve[-1]
    assert 0.0 < seconds < 10.0
    assert networks <= len(result.table["network"])
    assert best == result.table["validation_score"][0]


def test_the_curve_has_each_best_score(monkeypatch):
    use(Machine(40 * A_NETWORK), monkeypatch)
    result = sweep(NUMBERS, **TIMED | {"networks": 60})
    assert (np.diff(result.curve[:, 1:], axis=0) > 0).all()
    assert (np.diff(result.curve[:, 0]) >= 0).all()
    assert result.curve[-1, 1] <= 60
    assert result.curve[-1, 2] == result.table["validation_score"][0]
    assert np.isin(result.curve[:, 2], result.table["validation_score"]).all()


@pytest.mark.parametrize("options", [{}, {"sampler": "tpe"}, {"halving": "successive"}])
def test_a_sweep_that_is_resumed_has_the_rest_of_its_time(options, tmp_path, monkeypatch):
    """One that is over has none: it is told again. In more time there are more networks."""
    options = TIMED | options | {"run": tmp_path}
    machine = use(Machine(40 * A_NETWORK), monkeypatch)
    first = sweep(NUMBERS, time=2.0, **options)
    machine.now += 1000.0  # which are nobody's
    begun = machine.now
    same(sweep(NUMBERS, time=2.0, resume=True, **options), first)
    assert machine.now == begun
    longer = sweep(NUMBERS, time=4.0, resume=True, **options)
    rest = 4.0 if "halving" in options else 2.0  # who is pruned depends on the time: all is new
    assert 0.6 * rest < machine.now - begun <= rest
    assert len(longer.table["network"]) > len(first.table["network"])
    complete = first.table["network"][first.table["epochs"] == 4].tolist()
    own, others = by_network(first, "validation_score"), by_network(longer, "validation_score")
    assert "halving" in options or all(own[number] == others[number] for number in complete)
    with pytest.raises(ValueError, match=r"begun with time=4\.0, not 3\.0"):
        sweep(NUMBERS, time=3.0, resume=True, **options)
    with pytest.raises(ValueError, match=r"begun with (networks=1048576|time=4\.0), not "):
        sweep(NUMBERS, resume=True, **options)


@pytest.mark.parametrize("options", [{}, {"sampler": "tpe"}, {"halving": "successive"}])
def test_a_sweep_that_broke_has_the_rest_of_its_time(options, tmp_path, monkeypatch):
    """And what it had is not trained again."""
    options, begun = TIMED | options | {"run": tmp_path}, []
    machine = use(Machine(40 * A_NETWORK), monkeypatch)
    advance = Trainer.advance

    def breaking(trainer, job, *arguments):
        begun.append(job.shard.numbers)
        if machine.now > 1.5:
            raise InterruptedError("stopped")
        return advance(trainer, job, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", breaking)
        with pytest.raises(InterruptedError):
            sweep(NUMBERS, time=4.0, **options)
    before = machine.now
    untold = before - read_manifest(tmp_path).get("used", 0.0)  # when it broke
    result = sweep(NUMBERS, time=4.0, resume=True, **options)
    assert result.ended_by_time
    assert before < machine.now <= 4.0 + untold + 1e-6
    if "halving" not in options:
        networks = int(result.table["network"].max()) + 1
        whole = sweep(NUMBERS, **options | {"networks": networks, "run": None})
        own, others = by_network(result, "loss"), by_network(whole, "loss")
        complete = result.table["network"][result.table["epochs"] == 4].tolist()
        assert len(complete) > 60
        assert all(own[number] == others[number] for number in complete)


def test_a_curve_goes_on_where_it_was(tmp_path, monkeypatch):
    use(Machine(40 * A_NETWORK), monkeypatch)
    first = sweep(NUMBERS, run=tmp_path, **TIMED | {"networks": 30})
    more = sweep(NUMBERS, run=tmp_path, resume=True, **TIMED | {"networks": 200})
    np.testing.assert_array_equal(more.curve[: len(first.curve)], first.curve)
    assert (np.diff(more.curve[:, 1:], axis=0) > 0).all()
    assert more.curve[-1, 2] == more.table["validation_score"][0]


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


@pytest.mark.parametrize("cv", [None, 2])
def test_ctrl_c_before_all_trials_were_asked_for_again_loses_none(cv, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 4)
    options = {"sampler": "tpe", "cv": cv}
    whole = kept_sweep(tmp_path, **options)
    ask = Study.ask

    def interrupted(self, limit):
        press()
        monkeypatch.setattr(Study, "ask", ask)
        return ask(self, limit)

    monkeypatch.setattr(Study, "ask", interrupted)
    resumed = kept_sweep(tmp_path, resume=True, **options)
    assert resumed.interrupted
    same(resumed, whole)


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
