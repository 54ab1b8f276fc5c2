"""Sweeps: what is trained, how it is ranked, and what comes back."""

import os
import signal

import numpy as np
import pytest

import bpfast as bp
from bpfast.data import split
from bpfast.space import OPTIMIZERS
from bpfast.sweep import _Runner

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
    changed[rows], other_y[rows] = 1e3, -1e3
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
        return predict(self, X, **options)

    monkeypatch.setattr(bp.Population, "predict", interrupted_predict)
    result = sweep(WORDS)
    assert result.interrupted
    assert len(result.table["network"]) == calls[0] < 8
    assert np.isfinite(result.table["test_score"]).all()


def test_an_interrupt_while_kernels_are_compiled_ends_the_sweep_too(monkeypatch):
    compiled = _Runner.compile

    def interrupted_compile(self, *arguments):
        os.kill(os.getpid(), signal.SIGINT)
        compiled(self, *arguments)

    monkeypatch.setattr(_Runner, "compile", interrupted_compile)
    result = sweep(WORDS, epochs=10**5)
    assert result.interrupted
    assert 0 < len(result.table["network"]) < 8
    assert (result.table["epochs"] < 10**5).all()


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
