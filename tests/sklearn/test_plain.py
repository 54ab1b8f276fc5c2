"""Plain arrays: what is set and returned for them is what scikit-learn's validation would."""

from unittest import mock

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

from bpfast.sklearn import MLPClassifier, MLPRegressor, plain
from bpfast.sklearn.plain import has_known_columns, is_plain, targets_of

X = np.random.default_rng(0).normal(size=(12, 3))
NUMBERS = np.arange(12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_finite_numbers_are_plain(dtype, order):
    assert is_plain(np.asarray(X, dtype, order=order))


@pytest.mark.parametrize(
    "values",
    [
        X.tolist(),
        X[0],
        X[:0],
        X[:, :0],
        X[None],
        np.where(X > 0, np.nan, X),
        np.where(X > 0, np.inf, X),
        np.ma.masked_greater(X, 0),
        X.astype(int),
        X.astype(object),
        X.astype(np.float16),
        X.astype(X.dtype.newbyteorder()),
        np.broadcast_to(np.float32(0), (plain.SMALL + 1, 1)),
    ],
    ids=lambda values: f"{type(values).__name__} {getattr(values, 'dtype', '')}",
)
def test_all_else_is_left_to_scikit_learn(values):
    assert not is_plain(values)
    assert targets_of(MLPRegressor(), values, NUMBERS) is None


def test_a_fitted_estimator_knows_its_columns():
    fitted = MLPRegressor()
    assert not has_known_columns(X, fitted)
    fitted.n_features_in_ = 3
    assert has_known_columns(X, fitted)
    assert not has_known_columns(X[:, :2], fitted)
    fitted.feature_names_in_ = np.array(["a", "b", "c"], object)
    assert not has_known_columns(X, fitted)  # scikit-learn warns that names are missing


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("classes", [1, 2, 3, 5])
def test_classes_are_scikit_learns(classes, dtype):
    y = (3 + 7 * (NUMBERS % classes)).astype(dtype)
    ours, theirs = MLPClassifier(), TheirClassifier()
    ours.feature_names_in_ = theirs.feature_names_in_ = np.array(["of", "a", "table"], object)
    targets = targets_of(ours, X, y)
    _, expected = theirs._validate_input(X, y, False, reset=True)
    np.testing.assert_array_equal(targets, expected, strict=True)
    own, fitted = (vars(vars(e).pop("_label_binarizer")) for e in (ours, theirs))
    assert own.keys() == fitted.keys()
    assert (own["y_type_"], own["sparse_input_"]) == (fitted["y_type_"], fitted["sparse_input_"])
    for got, wanted in ((own, fitted), (vars(ours), vars(theirs))):
        np.testing.assert_array_equal(got["classes_"], wanted["classes_"], strict=True)
    assert {*vars(theirs)} - {*vars(ours)} == {"loss"}  # which is of ours' class
    assert "feature_names_in_" not in vars(ours)
    assert ours.n_features_in_ == theirs.n_features_in_


@pytest.mark.parametrize(
    "y", [NUMBERS, NUMBERS / 7, NUMBERS.astype("float32"), np.stack([NUMBERS, NUMBERS], 1)]
)
def test_numbers_are_scikit_learns(y):
    ours, theirs = MLPRegressor(), TheirRegressor()
    targets = targets_of(ours, X, y)
    _, expected = theirs._validate_input(X, y, False, reset=True)
    np.testing.assert_array_equal(targets, expected, strict=True)
    assert ours.n_features_in_ == theirs.n_features_in_


@pytest.mark.parametrize(
    ("make", "y"),
    [
        (MLPClassifier, NUMBERS.astype(float)),
        (MLPClassifier, NUMBERS.astype(str)),
        (MLPClassifier, NUMBERS > 3),
        (MLPClassifier, NUMBERS[:, None]),
        (MLPClassifier, NUMBERS[:7]),
        (MLPClassifier, np.array(1)),
        (MLPClassifier, NUMBERS.astype(NUMBERS.dtype.newbyteorder())),  # classes_ become native
        (MLPClassifier, NUMBERS.tolist()),
        (MLPRegressor, NUMBERS[:, None]),
        (MLPRegressor, NUMBERS[:7]),
        (MLPRegressor, np.array(1.0)),
        (MLPRegressor, np.where(NUMBERS > 3, np.nan, 1.0)),
        (MLPRegressor, NUMBERS.astype(object)),
    ],
)
def test_other_targets_are_left_to_scikit_learn(make, y):
    estimator = make()
    before = {**vars(estimator)}
    assert targets_of(estimator, X, y) is None
    assert vars(estimator) == before


def test_plain_arrays_never_reach_scikit_learns_validation():
    y = NUMBERS % 3
    with mock.patch.object(TheirClassifier, "_validate_input", side_effect=AssertionError):
        classifier = MLPClassifier((2,), tol=1.0, n_iter_no_change=1).fit(X, y)
    with mock.patch("bpfast.sklearn.estimators.validate_data", side_effect=AssertionError):
        assert classifier.predict(X).shape == (12,)
