"""Values of means: they are the metric's scores, but for a constant and a factor."""

import numpy as np
import pytest
from drawn_predictions import predictions
from examples_budget import drawn as so_many
from hypothesis import given

from bpfast.sweeps.mean_values import mean_values, most_candidates, most_rows
from bpfast.sweeps.metrics import Metric
from bpfast.sweeps.vectorized import VECTORIZED

SUMS = ("neg_root_mean_squared_error", "neg_mean_squared_error", "r2", "neg_brier_score")


def as_score(values, name, kind, folds, outputs):
    """Values as the metric has them: those of squares are sums, not means."""
    if name not in SUMS:
        return values
    parts = outputs if kind == "numbers" or outputs == 2 else 1
    return values / (folds * parts) + (name == "r2")


def check(names, kind, predicted, truth):
    """Hold values against scores of two folds, of the means with none, and with two others."""
    folds = [predicted, np.concatenate([predicted[::-1], predicted[::-1]], axis=1)]
    truths = [truth, np.concatenate([truth, truth])]
    others = [0, len(predicted) - 1]
    for name in names:
        metric = Metric(name)
        values = mean_values(folds, truths, metric, kind)
        assert len(values) == len(predicted)
        total = values.nothing()
        for count in (0, 2):
            means = [
                (own + own[others[:count]].sum(axis=0)) / np.float32(count + 1) for own in folds
            ]
            pairs = zip(means, truths, strict=True)
            scores = np.mean([metric.scores(own, own_y, kind) for own, own_y in pairs], axis=0)
            of_each = values.of_each(total, count)
            found = as_score(of_each, name, kind, 2, predicted.shape[2])
            np.testing.assert_allclose(found, scores, 2e-5, 2e-5, err_msg=f"{name}, {count}")
            one = values.of_each(total, count, slice(1, 2))
            np.testing.assert_array_equal(one, of_each[1:2])
            total = values.added(values.added(total, others[0]), others[1])


@so_many(40)
@given(predictions(single_rows=False))
def test_values_are_scores_of_means_over_folds(drawn):
    kind, predicted, truth = drawn
    if kind != "numbers":  # some are equal, and none nearly so: rounding may say which is more
        predicted = np.round(64 * predicted.astype(np.float32)) / 64
    check(VECTORIZED[kind], kind, predicted, truth)


@pytest.mark.parametrize(
    ("name", "kind", "outputs"),
    [
        ("roc_auc", "classes", 2),
        ("roc_auc", "labels", 3),
        ("f1_macro", "labels", 2),
        ("balanced_accuracy", "classes", 3),
        ("roc_auc_ovr", "classes", 3),
        ("neg_median_absolute_error", "numbers", 1),
    ],
)
def test_values_are_scores_of_scikit_learn(name, kind, outputs):
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    predicted = rng.integers(1, 10, (4, 25, outputs)) / np.float32(16)
    if kind == "classes":
        predicted[:, :, -1] = 1 - predicted[:, :, :-1].sum(axis=2)  # some are below 0
        predicted = np.abs(predicted) / np.abs(predicted).sum(axis=2, keepdims=True)
        check([name], kind, predicted, rng.permutation(np.arange(25) % outputs))
    elif kind == "labels":
        check([name], kind, predicted, rng.integers(0, 2, (25, outputs)).astype(float))
    else:
        check([name], kind, predicted.astype(float), rng.normal(size=25))


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_equal_probabilities_are_not_all_right(kind):
    """Of equal classes the first is meant, and a half is not above a half."""
    if kind == "classes":
        predicted, truth = np.full((1, 6, 3), 1 / 3, np.float32), np.array([0, 1, 2, 0, 0, 0])
    else:
        predicted = np.full((1, 6, 2), 0.5, np.float32)
        truth = np.array([[0, 0], [1, 0], [0, 0], [0, 0], [1, 1], [0, 0]])
    values = mean_values([predicted], [truth], Metric("accuracy"), kind)
    np.testing.assert_allclose(values.of_each(values.nothing(), 0), 4 / 6)


def test_equal_probabilities_are_half_in_order():
    predicted = np.array([0.5, 0.5, 0.25, 0.75, 0.75, 0.75], np.float32)
    predicted = np.stack([1 - predicted, predicted], axis=1)[None]
    truth = np.array([1, 0, 0, 1, 0, 1])
    values = mean_values([predicted], [truth], Metric("roc_auc"), "classes")
    # of the nine pairs of a true and a false row, five are in order and three are equal
    np.testing.assert_allclose(values.of_each(values.nothing(), 0), 6.5 / 9)


def test_rows_without_a_value_are_the_worst():
    truth = np.zeros(3, int)  # without a second class there is no area
    predicted = np.full((2, 3, 2), 0.5, np.float32)
    values = mean_values([predicted], [truth], Metric("roc_auc"), "classes")
    assert (values.of_each(values.nothing(), 0) == -np.inf).all()
    huge = np.array([1.0, 1e200])[:, None, None] * np.ones((1, 3, 1))
    values = mean_values([huge], [np.zeros((3, 1))], Metric("neg_mean_squared_error"), "numbers")
    assert values.of_each(values.nothing(), 0).tolist() == [-1.0, -np.inf]


def test_a_selection_from_some_candidates_knows_no_others():
    rng = np.random.default_rng(0)
    predicted, truth = rng.normal(size=(5, 20, 2)), rng.normal(size=(20, 2))
    for name in ("neg_root_mean_squared_error", "neg_mean_absolute_error"):
        some = np.array([1, 3, 4])
        values = mean_values([predicted], [truth], Metric(name), "numbers").only(some)
        alone = mean_values([predicted[some]], [truth], Metric(name), "numbers")
        total, own = values.added(values.nothing(), 2), alone.added(alone.nothing(), 2)
        np.testing.assert_allclose(values.of_each(total, 1), alone.of_each(own, 1))


def test_room_and_time_are_bounded():
    assert most_rows("f1", "classes", 2) < most_rows("roc_auc", "classes", 2)
    assert most_rows("roc_auc_ovr", "classes", 4) < most_rows("accuracy", "classes", 4)
    root = "neg_root_mean_squared_error"
    assert most_candidates(root, 1, 1) > most_candidates(root, 5, 100) > 100
    assert most_candidates("r2", 5, 100) > 256
