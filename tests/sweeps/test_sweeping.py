"""Sweeps: what is trained, how it is ranked, and what comes back."""

import signal

import numpy as np
import pytest
from sweeps import NUMBERS, SPACE, WORDS, X, press, same, sweep, winner_trained_by_hand

import bpfast as bp
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.trainer import Trainer
from bpfast.tables.splitting import split
from bpfast.training.loop import Training
from bpfast.training.optimizers import OPTIMIZERS

R2 = {"metric": "r2"}
ONE = np.where(np.arange(90) == 7, 3.5, 0.1)  # one row is not as all others are


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
    name = "test_accuracy" if classes else "test_r2"
    assert score == pytest.approx(result.table[name][0], abs=1e-6)


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


# --- cross-validation -----------------------------------------------------------------------------


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
    rows = split_rows(X, numbered, len(classes), Splitting(cv=3), 0)
    np.testing.assert_array_equal(result.scaler.mean, X[rows.winner].mean(axis=0))
    assert np.isnan(result.table["test_score"][1:]).all()
    predicted = result.model.predict(X[rows.test], device="reference")
    truth = y[rows.test]
    if classes:
        score = (predicted == truth).mean()
    else:
        score = 1.0 - ((predicted - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
    name = "test_accuracy" if classes else "test_r2"
    assert score == pytest.approx(result.table[name][0], abs=1e-6)
    winner = {name: column[0].item() for name, column in result.table.items()}
    mlp = result.best.mlp
    network = bp.Population.drawn(mlp, [winner["network"]])
    adam = bp.Adam(learning_rate=winner["learning_rate"], l2=winner["l2"])
    target = numbered if classes else result.target_scaler.apply(y)
    whole = result.scaler.apply(X[rows.winner]), target[rows.winner]
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
    rows = split_rows(X, NUMBERS, 0, Splitting(cv=3), 0).test
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
            press()

    interrupts = []
    space = SPACE | {"hidden": 3, "schedule": "cosine"}
    result = sweep(NUMBERS, cv=3, space=space, epochs=90, progress=interrupt)
    assert result.interrupted
    assert 1 < result.table["epochs"][0] < 90
    rows = split_rows(X, NUMBERS, 0, Splitting(cv=3), 0).winner
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
        (ONE, R2, "the validation part has 18 rows of the same target, .* validation=0.2, another"),
        (
            ONE,
            R2 | {"cv": 3},
            "the validation part of fold 1 has 24 rows of the .* give fewer folds",
        ),
        (NUMBERS, R2 | {"validation": 0.01}, "the validation part has a single row, .* no R²"),
        (
            NUMBERS,
            R2 | {"test": 0.01},
            "the test part has a single row, .* test=0.01, another metric",
        ),
        (NUMBERS, R2 | {"cv": 90, "test": 0.0}, "of fold 0 has a single row"),
        (NUMBERS, R2 | {"cv": [(range(9), [9])], "test": 0.0}, "of fold 0 has a single row"),
    ],
)
def test_bad_input_is_refused(y, options, words):
    with pytest.raises(ValueError, match=words):
        sweep(y, **options)


def test_digits_is_known_to_97_percent():
    digits = pytest.importorskip("sklearn.datasets").load_digits()
    result = bp.sweep(digits.data, digits.target, networks=16, epochs=20, cv=None)
    assert result.table["test_accuracy"][0] >= 0.95
    tested = result.rows["test"]
    predicted = result.ensemble.predict(digits.data[tested]).astype(int)
    assert (predicted == digits.target[tested]).mean() >= 0.97
