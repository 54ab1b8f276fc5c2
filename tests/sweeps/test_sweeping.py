"""Sweeps: what is trained, how it is ranked, and what comes back."""

import os
import signal
import time

import numpy as np
import pytest
from sweeps import same, winner_trained_by_hand

import bpfast as bp
from bpfast.sweeps import trials
from bpfast.sweeps.folds import cut
from bpfast.sweeps.space import OPTIMIZERS
from bpfast.sweeps.trials import Trainer
from bpfast.tables.splitting import split
from bpfast.training.loop import Training

SPACE = {
    "learning_rate": "1e-3:1e-1:log",
    "hidden": [3, (2, 2), "none"],
    "l2": "1e-6:1e-2:log",
    "batch_size": 16,
}
rng = np.random.default_rng(0)
X = rng.normal(2.0, 5.0, (90, 3))
WORDS = np.where(X[:, 0] > X[:, 1], "more", "less")
NUMBERS = 100.0 + 7.0 * X[:, 0] - X[:, 2]
ONE = np.where(np.arange(90) == 7, 3.5, 0.1)  # one row is not as all others are


def sweep(y, X=X, **options):
    settings = {"space": SPACE, "networks": 8, "epochs": 3}
    return bp.sweep(X, y, **settings | {"device": "reference"} | options)


@pytest.mark.parametrize(("y", "metric"), [(WORDS, "accuracy"), (NUMBERS, "R²")])
def test_table_is_ranked_by_validation_score(y, metric):
    result = sweep(y)
    assert result.metric == metric
    assert sorted(result.table["network"]) == list(range(8))
    assert (np.diff(result.table["validation_score"]) <= 0).all()
    assert set(result.table["hidden"]) <= {"3", "2x2", "none"}
    assert (result.table["epochs"] == 3).all()
    assert not result.interrupted


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_best_network_has_the_scores_of_the_first_row(y):
    result = sweep(y)
    classes = result.classes
    numbered = np.searchsorted(classes, y) if classes else y
    rows = split(numbered, len(classes), 0.2, 0.2, 0).test
    predicted = result.best.predict(result.scaler.apply(X[rows]), device="reference")[0]
    if classes:
        score = (predicted.argmax(axis=1) == numbered[rows]).mean()
    else:
        truth = result.target_scaler.apply(y[rows])
        residual = ((predicted[:, 0] - truth) ** 2).sum()
        score = 1.0 - residual / ((truth - truth.mean()) ** 2).sum()
    assert score == pytest.approx(result.table["test_score"][0], abs=1e-6)


def test_the_test_part_changes_nothing_but_test_scores():
    changed, other_y = X.copy(), NUMBERS.copy()
    rows = split(NUMBERS, 0, 0.2, 0.2, 0).test
    changed[rows], other_y[rows] = 1e3, -1e3 * rows
    first, second = sweep(NUMBERS), sweep(other_y, X=changed)
    for name in ("network", "validation_score", "loss"):
        np.testing.assert_array_equal(first.table[name], second.table[name])
    assert not np.array_equal(first.table["test_score"], second.table["test_score"])


def test_a_seed_says_all():
    first, again, other = (sweep(NUMBERS, seed=seed).table for seed in (4, 4, 5))
    for name, column in first.items():
        np.testing.assert_array_equal(column, again[name])
    assert not np.array_equal(first["learning_rate"], other["learning_rate"])


def test_networks_do_not_depend_on_how_many_are_drawn_beside_them():
    few, many = sweep(NUMBERS, networks=6, space={"hidden": 3}), sweep(NUMBERS, space={"hidden": 3})
    for name in ("validation_score", "test_score", "loss"):
        first = few.table[name][np.argsort(few.table["network"])]
        np.testing.assert_array_equal(
            first, many.table[name][np.argsort(many.table["network"])][:6]
        )


def test_every_optimizer_takes_its_own_settings():
    space = SPACE | {"optimizer": list(OPTIMIZERS), "momentum": "0:0.5", "dropout": "0:0.3"}
    result = sweep(WORDS, space=space, networks=24)
    assert set(result.table["optimizer"]) == set(OPTIMIZERS)
    has_momentum = np.isin(result.table["optimizer"], ("sgd", "rmsprop"))
    np.testing.assert_array_equal(np.isfinite(result.table["momentum"]), has_momentum)
    assert np.isfinite(result.table["validation_score"]).all()


def test_networks_that_diverge_come_last():
    space = {"learning_rate": [1e-2, 1e9], "optimizer": "sgd"}
    table = sweep(NUMBERS, space=space, epochs=20).table
    assert table["diverged"].any()
    assert not table["diverged"][0]
    assert (np.diff(table["diverged"].astype(int)) >= 0).all()
    np.testing.assert_array_equal(table["learning_rate"] == 1e9, table["diverged"])


def test_progress_ends_where_everything_is_done():
    seen = []
    result = sweep(WORDS, progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total == result.sample_updates
    assert seen[-1].rate > 0


def test_an_interrupt_while_networks_are_scored_keeps_them(monkeypatch):
    predict, calls = bp.Population.predict, []

    def interrupted_predict(self, X, **options):
        if len(X) > 1:  # one row only makes sure that the kernel is compiled
            calls.append(len(self))
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # the main thread sees it
        return predict(self, X, **options)

    monkeypatch.setattr(bp.Population, "predict", interrupted_predict)
    result = sweep(WORDS)
    assert result.interrupted
    assert len(result.table["network"]) == calls[0] < 8
    assert np.isfinite(result.table["test_score"]).all()


def test_an_interrupt_while_kernels_are_compiled_ends_the_sweep_too(monkeypatch):
    compiled = Trainer.compile

    def interrupted_compile(self, *arguments):
        os.kill(os.getpid(), signal.SIGINT)
        compiled(self, *arguments)

    monkeypatch.setattr(Trainer, "compile", interrupted_compile)
    result = sweep(WORDS, epochs=10**5)
    assert result.interrupted
    assert 0 < len(result.table["network"]) < 8
    assert (result.table["epochs"] < 10**5).all()


# --- cross-validation -----------------------------------------------------------------------------


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_a_trials_score_is_the_mean_of_its_folds(y):
    table = sweep(y, cv=3).table
    splits = np.stack([table[f"split{k}_validation_score"] for k in range(3)], axis=1)
    assert np.ptp(splits, axis=1).max() > 0
    np.testing.assert_allclose(table["validation_score"], splits.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(table["validation_std"], splits.std(axis=1), atol=1e-12)
    assert (np.diff(table["validation_score"]) <= 0).all()
    assert sorted(table["network"]) == list(range(8))


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_a_fold_is_scored_as_a_sweep_without_the_others_scores_it(y, device):
    rows = np.random.default_rng(1).permutation(90)
    pairs = [(rows[20:], rows[:20]), (rows[:70], rows[70:])]
    # one batch holds all rows, so that there is no shuffle, which would be the fold's own
    options = {"test": 0.0, "device": device, "space": SPACE | {"batch_size": 90}}
    both = sweep(y, cv=pairs, **options).table
    assert not np.array_equal(both["split0_validation_score"], both["split1_validation_score"])
    for k in range(2):
        alone = sweep(y, cv=pairs[k : k + 1], **options).table
        order, own = np.argsort(both["network"]), np.argsort(alone["network"])
        np.testing.assert_array_equal(
            both[f"split{k}_validation_score"][order], alone["validation_score"][own]
        )


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_one_fold_is_a_validation_part(y):
    """The same rows give the same scores, whether they come as shares or as a pair."""
    classes = sorted(set(y)) if y is WORDS else []
    numbered = np.searchsorted(classes, y) if classes else y
    parts = split(numbered, len(classes), 0.2, 0.2, 0)
    plain = sweep(y).table
    paired = sweep(y, cv=[(parts.train, parts.validation)], test=0.0).table
    for name in ("network", "validation_score", "loss"):
        np.testing.assert_array_equal(plain[name], paired[name])


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_the_winner_is_trained_on_all_rows_that_are_not_test(y):
    result = sweep(y, cv=3)
    classes = result.classes
    numbered = np.searchsorted(classes, y) if classes else y
    rows = cut(X, numbered, len(classes), 0.2, 0.2, 3, None, 0)
    np.testing.assert_array_equal(result.scaler.mean, X[rows.whole].mean(axis=0))
    assert np.isnan(result.table["test_score"][1:]).all()
    predicted = result.model.predict(X[rows.test], device="reference")
    truth = y[rows.test]
    if classes:
        score = (predicted == truth).mean()
    else:
        score = 1.0 - ((predicted - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    assert score == pytest.approx(result.table["test_score"][0], abs=1e-6)
    winner = {name: column[0].item() for name, column in result.table.items()}
    mlp = result.best.mlp
    network = bp.Population.drawn(mlp, [winner["network"]])
    adam = bp.Adam(learning_rate=winner["learning_rate"], l2=winner["l2"])
    target = numbered if classes else result.target_scaler.apply(y)
    whole = result.scaler.apply(X[rows.whole]), target[rows.whole]
    bp.fit(network, *whole, adam, 3, 16, device="reference", progress=False)
    np.testing.assert_array_equal(network.parameters, result.best.parameters)


@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_without_a_test_part_there_is_no_test_score(y):
    result = sweep(y, cv=3, test=0.0)
    assert "test_score" not in result.table
    np.testing.assert_array_equal(result.scaler.mean, X.mean(axis=0))
    result = sweep(y, test=0)
    assert "test_score" not in result.table
    classes = 0 if y is NUMBERS else 2
    numbered = y if y is NUMBERS else np.unique(y, return_inverse=True)[1]
    parts = split(numbered, classes, 0.2, 0, 0)
    assert len(parts.train) + len(parts.validation) == len(X)
    np.testing.assert_array_equal(result.scaler.mean, X[parts.train].mean(axis=0))
    assert np.isfinite(result.table["validation_score"]).all()


def test_the_test_part_changes_no_score_of_a_fold():
    changed, other_y = X.copy(), NUMBERS.copy()
    rows = cut(X, NUMBERS, 0, 0.2, 0.2, 3, None, 0).test
    changed[rows], other_y[rows] = 1e3, -1e3 * rows
    first, second = sweep(NUMBERS, cv=3), sweep(other_y, X=changed, cv=3)
    for name in ("network", "validation_score", "validation_std", "loss"):
        np.testing.assert_array_equal(first.table[name], second.table[name])
    np.testing.assert_array_equal(first.best.parameters, second.best.parameters)
    assert first.table["test_score"][0] != second.table["test_score"][0]


def test_folds_and_their_winner_are_said_by_the_seed():
    first, again, other = (sweep(NUMBERS, cv=3, seed=seed) for seed in (4, 4, 5))
    for name, column in first.table.items():
        np.testing.assert_array_equal(column, again.table[name])
    np.testing.assert_array_equal(first.best.parameters, again.best.parameters)
    assert not np.array_equal(first.table["validation_score"], other.table["validation_score"])


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_trials_folds_do_not_depend_on_other_trials(device):
    """One alone: how its sums are rounded, too. Nine folds are summed otherwise than a few."""
    options = {"space": {"hidden": 3}, "cv": 9, "device": device}
    alone, many = sweep(NUMBERS, networks=1, **options), sweep(NUMBERS, **options)
    place = np.flatnonzero(many.table["network"] == 0)
    for name in alone.table.keys() - {"test_score"}:
        np.testing.assert_array_equal(alone.table[name], many.table[name][place])


def test_all_folds_of_a_trial_are_in_one_fit(monkeypatch):
    whole_sweep = sweep(NUMBERS, cv=3).table
    monkeypatch.setattr(trials, "MOST", 7)  # two trials at a time
    sizes, advance = [], Trainer.advance

    def counted(self, shard, *arguments):
        sizes.append(len(shard.trials.numbers))
        return advance(self, shard, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    cut_sweep = sweep(NUMBERS, cv=3).table
    assert max(sizes) == 2
    order, other = np.argsort(whole_sweep["network"]), np.argsort(cut_sweep["network"])
    for name in whole_sweep.keys() - {"test_score"}:
        np.testing.assert_array_equal(whole_sweep[name][order], cut_sweep[name][other])


def test_a_fold_is_predicted_by_its_own_networks_only(monkeypatch):
    predict, calls = bp.Population.predict, []

    def counting_predict(self, X, **options):
        calls.append((len(self), len(X)))
        return predict(self, X, **options)

    sizes = [len(f.validation) for f in cut(X, NUMBERS, 0, 0.2, 0.2, 3, None, 0).folds]
    monkeypatch.setattr(bp.Population, "predict", counting_predict)
    sweep(NUMBERS, cv=3, space={"hidden": 3})
    assert calls[1:-2] == [(8, size) for size in sizes]  # between compiling and the winner


@pytest.mark.parametrize("cv", [None, 3])
def test_scores_do_not_depend_on_how_many_are_predicted_at_a_time(cv, monkeypatch):
    at_once = sweep(NUMBERS, cv=cv, space={"hidden": 3}).table
    monkeypatch.setattr(trials, "PREDICTIONS", 80)  # 18 rows or more: 4 networks at most
    predict, calls = bp.Population.predict, []

    def counting_predict(self, X, **options):
        calls.append(len(self) * len(X))
        return predict(self, X, **options)

    monkeypatch.setattr(bp.Population, "predict", counting_predict)
    in_parts = sweep(NUMBERS, cv=cv, space={"hidden": 3}).table
    assert max(calls) <= 80
    for name, column in at_once.items():
        np.testing.assert_array_equal(column, in_parts[name])


def test_a_trial_diverged_if_a_fold_of_it_did():
    """A row far out, which fold 0 alone is trained on, is too much for the higher rate."""
    rows, far_out = np.arange(90), X.copy()
    far_out[5] = 1e3
    pairs = [(rows[:60], rows[60:]), (rows[30:], rows[:30])]
    space = {"learning_rate": [1e-3, 0.2], "optimizer": "sgd", "hidden": "none", "batch_size": 16}
    table = sweep(NUMBERS, X=far_out, cv=pairs, test=0.0, space=space, epochs=200).table
    high = table["learning_rate"] == 0.2
    assert 0 < high.sum() < 8
    np.testing.assert_array_equal(table["diverged"], high)
    np.testing.assert_array_equal(np.isneginf(table["split0_validation_score"]), high)
    assert np.isfinite(table["split1_validation_score"]).all()
    assert np.isneginf(table["validation_score"][high]).all()
    np.testing.assert_array_equal(table["epochs"] < 200, high)
    assert np.isnan(table["validation_std"][high]).all()
    assert np.isfinite(table["validation_std"][~high]).all()


def test_progress_and_counts_are_of_folds_that_differ():
    model_selection = pytest.importorskip("sklearn.model_selection")
    seen = []
    splitter = model_selection.TimeSeriesSplit(4)
    result = sweep(NUMBERS, cv=splitter, test=0.0, progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    rows = sum(len(train) for train, _ in splitter.split(X))
    assert seen[-1].done == seen[-1].total == result.sample_updates == 8 * 3 * rows
    assert result.folds == 4


def test_groups_reach_a_splitter():
    model_selection = pytest.importorskip("sklearn.model_selection")
    groups = np.repeat(np.arange(18), 5)
    table = sweep(WORDS, cv=model_selection.GroupKFold(3), groups=groups).table
    assert np.isfinite(table["validation_std"]).all()
    assert np.isfinite(table["test_score"][0])


def test_after_an_interrupt_the_winner_is_trained_anew_as_far_as_it_was_ranked(monkeypatch):
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)  # an epoch a call

    def interrupt(progress):
        if progress.done > progress.total / 10 and not interrupts:
            interrupts.append(progress)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # the main thread sees it

    interrupts = []
    space = SPACE | {"hidden": 3, "schedule": "cosine"}
    result = sweep(NUMBERS, cv=3, space=space, epochs=90, progress=interrupt)
    assert result.interrupted
    assert 1 < result.table["epochs"][0] < 90
    rows = cut(X, NUMBERS, 0, 0.2, 0.2, 3, None, 0).whole
    expected = winner_trained_by_hand(result, X[rows], NUMBERS[rows], 90)
    np.testing.assert_array_equal(result.best.parameters, expected.parameters)
    assert np.isfinite(result.table["test_score"][0])


def test_an_interrupt_while_the_winner_is_trained_anew_is_told(monkeypatch):
    """It is trained to its end; one in a hurry interrupts again."""
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    expected, refit, advance, begun = sweep(WORDS, cv=3), Trainer.refit, Training.advance, []

    def interrupted_refit(self, *arguments):
        begun.append(refit)
        return refit(self, *arguments)

    def interrupted_advance(self, *arguments):
        if len(begun) == 1:  # the first of the refit
            begun.append(advance)
            signal.raise_signal(signal.SIGINT)
        advance(self, *arguments)

    monkeypatch.setattr(Trainer, "refit", interrupted_refit)
    monkeypatch.setattr(Training, "advance", interrupted_advance)
    result = sweep(WORDS, cv=3)
    assert result.interrupted
    same(result, expected)


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        (WORDS, {"networks": 0}, "networks must be at least 1"),
        (WORDS, {"seed": -1}, "seed must be at least 0"),
        (WORDS, {"epochs": 0}, "epochs must be at least 1"),
        (WORDS, {"task": "regression"}, "needs a target of numbers"),
        (WORDS[:50], {}, "X has shape"),
        (WORDS, {"test": 0.9}, "leave some for training"),
        (NUMBERS, {"task": "classification"}, "90 different values in 90 rows"),
        (np.where(X[:, 0] > 0, np.nan, X[:, 0]), {}, "not finite at index"),
        (np.full(90, 0.1), {}, "the target is 0.1 in every row"),
        (ONE, {}, "the validation part has 18 rows of the same target, .* validation=0.2, or"),
        (ONE, {"cv": 3}, "the validation part of fold 1 has 24 rows of the .* give fewer folds"),
        (NUMBERS, {"validation": 0.01}, "the validation part has a single row, .* no R²"),
        (NUMBERS, {"test": 0.01}, "the test part has a single row, .* test=0.01, or another seed"),
        (NUMBERS, {"cv": 90, "test": 0.0}, "of fold 0 has a single row"),
        (NUMBERS, {"cv": [(range(9), [9])], "test": 0.0}, "of fold 0 has a single row"),
    ],
)
def test_bad_input_is_refused(y, options, words):
    with pytest.raises(ValueError, match=words):
        sweep(y, **options)


def test_digits_has_a_candidate_of_97_percent():
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    result = bp.sweep(digits.data, digits.target, networks=48, epochs=20)
    assert result.table["test_score"].max() >= 0.97
    assert result.table["test_score"][0] >= 0.95
