"""Scaling to mean 0 and standard deviation 1."""

import json

import numpy as np
import pytest

from bpfast.tables.scaling import Scaler


def test_scaler_is_scikit_learns():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = np.random.default_rng(0).normal(3.0, [1e-6, 1.0, 1e6], (50, 3))
    expected = preprocessing.StandardScaler().fit_transform(X)
    np.testing.assert_allclose(Scaler.of(X).apply(X), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1e6 + 0.1, -7.0])
def test_constant_columns_stay_at_zero(value):
    X = np.full((301, 1), value)
    np.testing.assert_allclose(Scaler.of(X).apply(X), 0.0, atol=1e-9)


@pytest.mark.parametrize("shape", [(20,), (20, 3)])
def test_scaling_is_inverted(shape):
    values = np.random.default_rng(0).normal(1e3, 10.0, shape)
    scaler = Scaler.of(values)
    np.testing.assert_allclose(scaler.invert(scaler.apply(values)), values, rtol=1e-12)


def test_what_is_inverted_stays_within_bounds():
    bounded = Scaler(np.array([1.0, 2.0]), np.ones(2), np.array([0.0, 2.5]), np.array([1.5, 9.0]))
    inverted = bounded.invert(np.array([[-5.0, -5.0], [0.25, 1.0], [np.inf, np.nan]]))
    np.testing.assert_array_equal(inverted, [[0.0, 2.5], [1.25, 3.0], [1.5, np.nan]])


@pytest.mark.parametrize(
    "scaler",
    [
        Scaler(np.array(2.0), np.array(0.1)),
        Scaler(np.array([0.1, 1e300]), np.ones(2), np.zeros(2), np.array(1 / 3)),
    ],
)
def test_scalers_are_plain_data(scaler):
    again = Scaler.from_plain(json.loads(json.dumps(scaler.to_plain())))
    for name, array in vars(scaler).items():
        np.testing.assert_array_equal(getattr(again, name), array)
