"""Metrics: their names, which of them fit, how scores are told, and where there are none."""

import sys

import numpy as np
import pytest
from drawn_predictions import predictions
from examples_budget import drawn as so_many
from hypothesis import given

from bpfast.sweeps.metrics import Metric, beside, fits, fitting_names, metric, named

KINDS = {"classes": 3, "labels": 3, "numbers": 2}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        (None, "classes", "neg_log_loss"),
        (None, "labels", "neg_log_loss"),
        (None, "numbers", "neg_root_mean_squared_error"),
        ("score", "classes", "accuracy"),
        ("score", "labels", "accuracy"),
        ("score", "numbers", "r2"),
        ("r2", "numbers", "r2"),
    ],
)
def test_names(name, kind, expected):
    assert metric(name, kind, KINDS[kind]).name == expected


def test_what_people_call_a_metric():
    shown = {name: Metric(name).label for name in ("neg_log_loss", "roc_auc", "r2", "f1_macro")}
    assert shown == {
        "neg_log_loss": "log loss",
        "roc_auc": "ROC AUC",
        "r2": "R²",
        "f1_macro": "F1 macro",
    }
    assert Metric("neg_brier_score").label == "Brier"
    assert named("R²") == Metric("r2")
    assert named("accuracy") == Metric("accuracy")


@pytest.mark.parametrize(
    ("name", "score", "text"),
    [
        ("accuracy", 0.91236, "0.9124"),
        ("r2", -3.0, "-3.0000"),
        ("neg_log_loss", -0.41234, "0.4123"),
        ("neg_log_loss", -0.0, "0.0000"),
        ("neg_log_loss", -0.00012345, "0.0001234"),
        ("neg_root_mean_squared_error", -52341.7, "52,342"),
        ("neg_root_mean_squared_error", -12.3456, "12.35"),
        ("neg_mean_squared_error", -1e30, "1.000e+30"),
        ("neg_mean_squared_error", -np.inf, "inf"),
    ],
)
def test_a_loss_is_told_without_its_minus(name, score, text):
    assert Metric(name).format(score) == text


def test_accuracy_or_r2_is_beside_other_metrics():
    assert beside(Metric("neg_log_loss"), "classes") == Metric("accuracy")
    assert beside(Metric("neg_mean_squared_error"), "numbers") == Metric("r2")
    assert beside(Metric("accuracy"), "labels") is None


@pytest.mark.parametrize(
    ("name", "kind", "outputs", "words"),
    [
        ("r2", "classes", 2, "does not fit 2 classes: choose from accuracy, .*neg_log_loss"),
        ("f1", "classes", 3, "does not fit 3 classes: .*f1_macro"),
        ("accuracy", "numbers", 1, "does not fit a number: .*neg_root_mean_squared_error"),
        ("neg_max_error", "numbers", 2, "does not fit 2 numbers: .*explained_variance"),
        ("log_loss", "labels", 2, "is none of scikit-learn's .* for 2 labels, but neg_log_loss is"),
        ("rmse", "numbers", 1, "a number, but neg_root_mean_squared_error is: choose from"),
        ("f1-score", "classes", 2, "2 classes, but f1 is"),
        ("auc", "classes", 2, "2 classes, but roc_auc is"),
        ("acc", "classes", 2, "2 classes, but accuracy is"),
        ("acuracy", "classes", 2, "2 classes, but accuracy is"),
        ("nonsense", "classes", 2, "names for 2 classes: choose from"),
    ],
)
def test_a_name_that_does_not_fit_lists_those_that_do(name, kind, outputs, words):
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match=words) as told:
        metric(name, kind, outputs)
    assert "\n" not in str(told.value)


def test_what_is_no_name():
    with pytest.raises(TypeError, match="scoring names, got 3"):
        metric(3, "classes", 2)


def test_without_scikit_learn_a_metric_is_vectorised_or_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    monkeypatch.delitem(sys.modules, "bpfast.sweeps.scorers", raising=False)
    monkeypatch.delattr("bpfast.sweeps.scorers", raising=False)
    assert metric("neg_brier_score", "classes", 2).name == "neg_brier_score"
    with pytest.raises(ImportError, match=r'pip install "bpfast\[sweep\]"'):
        metric("roc_auc", "classes", 2)


@so_many(8)
@given(predictions(single_rows=False))
def test_each_name_that_fits_has_scores(drawn):
    pytest.importorskip("sklearn")
    kind, predicted, truth = drawn
    predicted, truth = (predicted, truth) if kind != "numbers" else (
        np.abs(predicted) + 1e-3, np.abs(truth) + 1e-3
    )  # fmt: skip
    outputs = predicted.shape[2]
    for name in fitting_names(kind, outputs):
        scores = Metric(name).scores(predicted, truth, kind)
        assert scores.shape == (len(predicted),)
        assert np.isfinite(scores).all(), name
        assert Metric(name).why_undefined(truth, kind, outputs) == "", name


@so_many(30)
@given(predictions())
def test_predictions_that_are_not_finite_have_no_score(drawn):
    kind, predicted, truth = drawn
    own = metric(None, kind, predicted.shape[2])
    expected = own.scores(predicted, truth, kind)
    lost = predicted.copy()
    lost[-1, -1, -1] = np.nan
    scores = own.scores(lost, truth, kind)
    assert np.isnan(scores[-1])
    np.testing.assert_array_equal(scores[:-1], expected[:-1])


def test_one_output_may_be_one_dimensional():
    truth = np.arange(5.0)
    assert Metric("r2").scores(truth[None, :, None], truth, "numbers") == 1.0
    assert Metric("r2").why_undefined(truth, "numbers", 1) == ""


def test_predictions_that_a_metric_refuses_have_no_score():
    pytest.importorskip("sklearn")
    truth = np.arange(1.0, 5.0)
    predicted = np.stack([truth, -truth])[:, :, None]
    scores = Metric("neg_mean_squared_log_error").scores(predicted, truth, "numbers")
    assert scores[0] == 0
    assert np.isnan(scores[1])


@pytest.mark.parametrize(
    ("name", "kind", "outputs", "truth", "words"),
    [
        ("r2", "numbers", 1, [2.0], "a single row"),
        ("r2", "numbers", 1, [0.1, 0.1, 0.1], "3 rows of the same target"),
        ("r2", "numbers", 2, [[1.0, 2.0], [1.0, 3.0]], "2 rows of the same target"),
        ("roc_auc", "classes", 2, [1, 1, 1], "targets for which it is not defined"),
        ("roc_auc_ovr", "classes", 3, [0, 1, 1], "targets that scikit-learn refuses"),
        ("neg_mean_squared_log_error", "numbers", 1, [-5.0, 2.0], "scikit-learn refuses"),
        ("neg_mean_gamma_deviance", "numbers", 1, [0.0, 2.0], "scikit-learn refuses"),
    ],
)
def test_rows_without_a_score(name, kind, outputs, truth, words):
    pytest.importorskip("sklearn")
    assert fits(name, kind, outputs)
    assert words in Metric(name).why_undefined(np.array(truth), kind, outputs)


@pytest.mark.parametrize(
    ("name", "kind", "truth"),
    [
        ("neg_log_loss", "classes", [1]),
        ("accuracy", "classes", [1, 1]),
        ("neg_root_mean_squared_error", "numbers", [2.0]),
        ("neg_mean_poisson_deviance", "numbers", [0.0, 2.0]),
    ],
)
def test_rows_that_have_a_score_although_few(name, kind, truth):
    outputs = 2 if kind == "classes" else 1
    assert Metric(name).why_undefined(np.array(truth), kind, outputs) == ""
