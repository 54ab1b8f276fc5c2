"""What comes before training: checks, first weights, and what is held out."""

import numpy as np
import pytest
from sklearn import neural_network

from bpfast.sklearn import MLPClassifier
from bpfast.sklearn.preparation import Preparation

X = np.random.default_rng(0).normal(size=(40, 3))
LABELS = np.array(["a", "b", "c", "a"])[np.arange(40) % 4]
WEIGHTS = np.linspace(0.5, 2.0, 40)


def prepare(rows=None, sample_weight=None, incremental=False, **settings):
    chosen = {"hidden_layer_sizes": (4,), "random_state": 0, "dtype": "float64"} | settings
    preparation = Preparation(X, LABELS, sample_weight, incremental, alone=True)
    return preparation.prepare(MLPClassifier(**chosen), rows)


def test_first_weights_are_scikit_learns():
    settings = {"random_state": 0, "max_iter": 1, "learning_rate_init": 1e-300}
    theirs = neural_network.MLPClassifier((4,), **settings)
    with pytest.warns(match="hasn't converged"):
        theirs.fit(X, LABELS)
    ours = prepare().estimator
    for found, expected in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(found, expected)


def test_samples_are_numbers_of_classes_with_weights_on_rows():
    rows = np.array([5, 0, 5, 2])
    fit = prepare(rows, WEIGHTS, class_weight={"a": 3.0})
    np.testing.assert_array_equal(fit.rows, rows)
    assert fit.targets.tolist() == [1, 0, 1, 2]  # b, a, b, c
    np.testing.assert_allclose(fit.weights, WEIGHTS[rows] * [1.0, 3.0, 1.0, 1.0])
    assert len(fit.held_out) == 0


def test_a_part_is_held_out_for_early_stopping():
    fit = prepare(early_stopping=True, validation_fraction=0.25)
    assert sorted([*fit.trained, *fit.held_out]) == list(range(40))
    assert len(fit.held_out) == 10
    assert fit.estimator.best_validation_score_ == -np.inf


@pytest.mark.parametrize(("samples", "dtype"), [(200, "float64"), (201, "float32")])
def test_few_samples_are_trained_on_in_float64(samples, dtype):
    fit = Preparation(np.ones((samples, 1)), np.arange(samples) % 2, None, False, True).prepare(
        MLPClassifier(), None
    )
    assert fit.dtype == dtype


def test_samples_are_validated_once_for_equal_rows(monkeypatch):
    calls = []
    original = MLPClassifier._validate_input
    monkeypatch.setattr(
        MLPClassifier,
        "_validate_input",
        lambda self, *args, **options: calls.append(self) or original(self, *args, **options),
    )
    preparation = Preparation(X, LABELS, None, incremental=False, alone=False)
    fits = [preparation.prepare(MLPClassifier(), rows) for rows in (None, None, np.arange(9))]
    assert len(calls) == 2
    for name in ("n_features_in_", "classes_"):
        np.testing.assert_array_equal(*(getattr(fit.estimator, name) for fit in fits[:2]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_layer_sizes": (3, 0)}, r"hidden_layer_sizes must be > 0, got \[3, 0\]"),
        ({"incremental": True, "early_stopping": True}, "does not support early_stopping=True"),
        ({"early_stopping": True, "rows": np.arange(8)}, "validation set is too small|test_size"),
        ({"sample_weight": -WEIGHTS * 0}, "at least one non-zero number"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        prepare(**options)


def test_large_batches_are_clipped_with_a_warning():
    with pytest.warns(match="It is going to be clipped"):
        prepare(batch_size=41)
