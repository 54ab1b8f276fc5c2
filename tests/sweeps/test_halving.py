"""Halving: who goes on, and that those who do never notice."""

import os
import signal
import time
import warnings

import numpy as np
import pytest
from sweeps import winner_trained_by_hand

import bpfast as bp
from bpfast.sweeps.folds import cut
from bpfast.sweeps.halving import Halving
from bpfast.sweeps.trials import Trainer
from bpfast.tables.splitting import split

optuna = pytest.importorskip("optuna")
r2_score = pytest.importorskip("sklearn.metrics").r2_score

SPACE = {
    "learning_rate": "1e-3:1:log",
    "hidden": [2, 3],
    "batch_size": [8, 16],
    "schedule": ["constant", "cosine"],
    "optimizer": ["sgd", "adam"],
    "momentum": "0:0.9",
}
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
Y = X @ (1.0, -2.0, 0.5) + 0.1 * rng.normal(size=60)


def sweep(**options):
    settings = {"space": SPACE, "networks": 40, "epochs": 9, "device": "reference"}
    return bp.sweep(X, Y, **settings | options)


def by_network(result, name):
    return dict(zip(result.table["network"].tolist(), result.table[name].tolist(), strict=True))


def test_rungs_and_brackets():
    assert Halving("successive", 9).brackets() == [[1, 3]]
    assert Halving("successive", 10).brackets() == [[1, 3, 9]]
    assert Halving("successive", 100, factor=4, least_epochs=5).brackets() == [[5, 20, 80]]
    assert Halving("hyperband", 9).brackets() == [[1, 3], [3], []]


def test_hyperband_shares_trials_as_in_the_paper():
    """For 81 epochs and a factor of 3, brackets begin with 81, 34, 15, 8 and 5 networks."""
    halving = Halving("hyperband", 81)
    counts = np.bincount([halving.bracket_of(k) for k in range(143)])
    np.testing.assert_array_equal(counts, [81, 34, 15, 8, 5])


def test_losers_are_the_worst_and_ties_go_to_the_first():
    halving = Halving("successive", 9, factor=2)
    losses = np.array([0.5, np.nan, 0.1, 0.5, 0.2])
    np.testing.assert_array_equal(halving.losers(losses, [4, 1, 2, 0, 3]), [0, 1, 3])
    assert halving.losers(np.array([1.0]), [0]).size == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "quartering"}, "halving='quartering' is not known"),
        ({"kind": "successive", "factor": 1}, "factor must be at least 2"),
        ({"kind": "successive", "least_epochs": 9}, "leaves nothing to cut of 9 epochs"),
    ],
)
def test_what_means_nothing_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        Halving(**{"epochs": 9} | options)


def test_survivors_are_as_if_trained_alone():
    whole, halved = sweep(), sweep(halving="successive")
    through = {k for k, epochs in by_network(halved, "epochs").items() if epochs == 9}
    assert len(through) == 40 // 3 // 3
    for name in ("validation_score", "test_score", "loss"):
        expected, got = by_network(whole, name), by_network(halved, name)
        assert all(got[k] == expected[k] for k in through)
    assert by_network(halved, "epochs").keys() == by_network(whole, "epochs").keys()


def test_the_best_of_each_rung_go_on():
    """Over all kinds of networks together, by the loss on the validation part."""
    halved = sweep(halving="successive")
    epochs = by_network(halved, "epochs")
    for rung, after in ((1, 13), (3, 4)):
        alone = sweep(epochs=rung, space=SPACE | {"schedule": "constant"})
        constant = sweep(halving="successive", space=SPACE | {"schedule": "constant"})
        epochs = by_network(constant, "epochs")
        here = [k for k, count in epochs.items() if count >= rung]
        going_on = {k for k in here if epochs[k] > rung}
        scores = by_network(alone, "validation_score")  # R² falls as the loss rises
        assert len(going_on) == after
        assert going_on == set(sorted(here, key=lambda k: -scores[k])[:after])


def test_hyperband_cuts_each_bracket_by_itself():
    halved = sweep(halving="hyperband", networks=34)
    halving = Halving("hyperband", 9)
    brackets = [[k for k in range(34) if halving.bracket_of(k) == b] for b in range(3)]
    epochs = by_network(halved, "epochs")
    for members, rungs in zip(brackets, halving.brackets(), strict=True):
        counts = {rung: sum(epochs[k] > rung for k in members) for rung in rungs}
        left = len(members)
        for rung in rungs:
            left = max(1, left // 3)
            assert counts[rung] == left


def test_a_halved_sweep_resumes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 10)
    options = {"halving": "hyperband", "sampler": "tpe"}
    expected = sweep(**options)
    storage = optuna.storages.InMemoryStorage()
    options |= {"run": tmp_path, "storage": storage}
    sweep(**options, networks=20)
    study = optuna.load_study(study_name="bpfast", storage=storage)
    study.tell(study.ask(), 0.5)  # somebody's own, which stays
    resumed = sweep(**options, resume=True)
    for name, column in expected.table.items():
        np.testing.assert_array_equal(resumed.table[name], column)
    np.testing.assert_array_equal(resumed.losses, expected.losses)
    told = optuna.load_study(study_name="bpfast", storage=storage).trials
    ours = {t.user_attrs.get("network"): t.user_attrs.get("epochs") for t in told}
    assert len(told) == 41
    assert ours == by_network(expected, "epochs") | {None: None}


def test_optuna_sees_rungs_and_cuts(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    epochs = by_network(sweep(halving="successive", storage=url), "epochs")
    for trial in optuna.load_study(study_name="bpfast", storage=url).trials:
        ran = epochs[trial.number]
        assert trial.state.name == ("COMPLETE" if ran == 9 else "PRUNED")
        assert sorted(trial.intermediate_values) == [rung for rung in (1, 3) if rung <= ran]


def test_halving_for_other_epochs_is_refused():
    with pytest.raises(ValueError, match="halving is for 27 epochs, the sweep has 9"):
        sweep(halving=Halving("successive", 27))


def test_folds_are_cut_by_their_mean():
    whole, halved = sweep(cv=3), sweep(cv=3, halving="successive")
    epochs = by_network(halved, "epochs")
    through = {k for k, count in epochs.items() if count == 9}
    assert len(through) == 40 // 3 // 3
    for name in ("validation_score", "validation_std", "split2_validation_score"):
        expected, got = by_network(whole, name), by_network(halved, name)
        assert all(got[k] == expected[k] for k in through)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_winner_that_was_cut_is_refitted_as_it_was_ranked(schedule, monkeypatch):
    """For as many epochs, within the schedule of all: what it becomes later was not ranked."""
    monkeypatch.setattr(Halving, "losers", lambda self, losses, _: np.argsort(losses)[:-4])
    space = SPACE | {"schedule": schedule, "learning_rate": "1e-2:1:log"}
    result = sweep(cv=3, halving="successive", space=space, test=0.25)
    assert result.table["epochs"][0] == 1 < result.table["epochs"].max()  # the worst went on
    rows = cut(X, Y, 0, 0.2, 0.25, 3, None, 0)
    expected = winner_trained_by_hand(result, X[rows.whole], Y[rows.whole], 9)
    np.testing.assert_array_equal(result.best.parameters, expected.parameters)
    tested = r2_score(Y[rows.test], result.model.predict(X[rows.test], "reference"))
    assert result.table["test_score"][0] == pytest.approx(tested, abs=1e-6)


@pytest.mark.parametrize("stop", [75, 105, 135])
def test_after_ctrl_c_the_best_network_is_as_its_row_says(stop, tmp_path, monkeypatch):
    """Also where its training had paused on its way to the next rung, and was not begun again."""
    monkeypatch.setattr("bpfast.sweeps.rounds.CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # it pauses after each epoch
    begun, advance = [], Trainer.advance

    def interrupted(self, *arguments):
        begun.append(arguments)
        if len(begun) == stop:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)  # the main thread sees it
        return advance(self, *arguments)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    halving = Halving("successive", 27, factor=2)
    options = {"networks": 48, "epochs": 27, "halving": halving, "memory": 1, "run": tmp_path}
    result = sweep(**options, space={"learning_rate": "1e-2:1e-1:log", "hidden": 4})
    assert result.interrupted
    rows = split(Y, 0, 0.2, 0.2, 0).validation
    score = r2_score(Y[rows], result.model.predict(X[rows], "reference"))
    assert result.table["validation_score"][0] == pytest.approx(score, abs=1e-6)
    epochs = np.isfinite(result.losses).sum(axis=1)
    np.testing.assert_array_equal(result.table["epochs"], epochs)


def test_freed_room_is_filled_and_a_rung_knows_all_that_came_to_it(monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 12)  # two crews of 6
    sizes, advance = [], Trainer.advance

    def counted(self, shard, *arguments):
        sizes.append((shard.epoch, len(shard.trials.numbers)))
        return advance(self, shard, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    halved = sweep(halving="successive", sampler="tpe", space={"learning_rate": "1e-3:1e-1:log"})
    assert sizes[:2] == [(0, 6), (0, 6)]
    assert sizes[2:4] == [
        (1, 2),
        (0, 4),
    ]  # two went on, four are new: the first crew is whole again
    epochs = by_network(halved, "epochs")
    assert sorted(epochs) == list(range(40))
    assert set(epochs.values()) == {1, 3, 9}


def test_progress_never_falls_back_and_tells_what_was_let_go(monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 20)
    seen = []
    table = sweep(halving="successive", sampler="tpe", progress=seen.append).table
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total
    assert seen[-1].networks == 40
    cut = (table["epochs"] < 9) & ~table["diverged"]
    assert seen[-1].pruned == cut.sum() > 20
    assert seen[-1].best == table["validation_score"].max()
    assert seen[0].best == -np.inf


def test_optunas_own_plots_open_a_study(tmp_path):
    plots = pytest.importorskip("optuna.visualization.matplotlib")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    url = f"sqlite:///{tmp_path / 'study.db'}"
    sweep(halving="successive", storage=url)
    study = optuna.load_study(study_name="bpfast", storage=url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's: they may change, and layouts of old names
        history = plots.plot_optimization_history(study)
        steps = plots.plot_intermediate_values(study)
        for plot in (plots.plot_parallel_coordinate, plots.plot_slice, plots.plot_timeline):
            plot(study)
    assert sum(len(points.get_offsets()) for points in history.collections) == 4  # not cut
    assert len(steps.lines) == 40
    pyplot.close("all")
