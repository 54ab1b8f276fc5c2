"""Vectorised metrics: each is scikit-learn's function, whatever is predicted."""

import numpy as np
import pytest
from drawn_predictions import predictions
from examples_budget import drawn as so_many
from hypothesis import given

from bpfast.sweeps.vectorized import VECTORIZED, r2

metrics = pytest.importorskip("sklearn.metrics")


def accuracy(truth, predicted, kind):
    right = predicted.argmax(axis=1) if kind == "classes" else (predicted > 0.5).astype(float)
    return metrics.accuracy_score(truth, right)


def log_loss(truth, predicted, kind):
    if kind == "classes":
        return -metrics.log_loss(truth, predicted, labels=range(predicted.shape[1]))
    columns = zip(truth.T, predicted.T, strict=True)
    return -np.mean([metrics.log_loss(own, p, labels=[0, 1]) for own, p in columns])


def brier(truth, predicted, kind):
    if predicted.shape[1] == 2:
        return -metrics.brier_score_loss(truth, predicted[:, 1], pos_label=1)
    return -metrics.brier_score_loss(truth, predicted, labels=range(predicted.shape[1]))


def negative(function):
    return lambda truth, predicted, kind: -function(truth, predicted)


THEIRS = {
    "accuracy": accuracy,
    "neg_log_loss": log_loss,
    "neg_brier_score": brier,
    "neg_root_mean_squared_error": negative(metrics.root_mean_squared_error),
    "neg_mean_squared_error": negative(metrics.mean_squared_error),
    "neg_mean_absolute_error": negative(metrics.mean_absolute_error),
    "r2": lambda truth, predicted, kind: metrics.r2_score(truth, predicted),
}


@so_many(150)
@given(predictions())
def test_scores_are_those_of_scikit_learn(drawn):
    kind, predicted, truth = drawn
    for name, function in VECTORIZED[kind].items():
        if name == "r2" and len(truth) < 2:
            continue
        mine = function(predicted, truth)
        assert mine.shape == (len(predicted),)
        assert mine.dtype == np.float64
        theirs = [THEIRS[name](truth, own, kind) for own in predicted]
        close = 1e-5 if predicted.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(mine, theirs, rtol=close, atol=1e-7, err_msg=name)


@so_many(30)
@given(predictions())
def test_a_score_does_not_depend_on_other_networks(drawn):
    kind, predicted, truth = drawn
    for function in VECTORIZED[kind].values():
        together = function(predicted, truth)
        alone = [function(predicted[k : k + 1], truth)[0] for k in range(len(predicted))]
        np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("truth", [[[2.0]], [[0.1], [0.1], [0.1]], [[1.0, 3.0], [2.0, 3.0]]])
def test_a_truth_that_does_not_vary_has_no_r2(truth):
    assert np.isnan(r2(np.zeros((1, *np.shape(truth))), np.array(truth))).all()


def test_errors_beyond_float64_are_infinitely_bad():
    predicted, truth = np.full((1, 3, 1), 1e300), np.arange(3.0)[:, None]
    for name in ("neg_root_mean_squared_error", "neg_mean_squared_error", "r2"):
        assert VECTORIZED["numbers"][name](predicted, truth) == -np.inf
