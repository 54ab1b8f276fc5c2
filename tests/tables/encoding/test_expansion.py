"""Number encodings: polylines of scaled inputs, found in training rows."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import QuantileTransformer, SplineTransformer

from bpfast.tables.encoding.expansion import (
    Expansion,
    Line,
    check_number_encoding,
    expanded_inputs,
)


def column(seed: int, rows: int = 501) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(size=(rows, 1)).astype(np.float32)


def test_scaled_inputs_stay_as_they_are():
    assert Expansion.fit("scaled", column(0), [False]) is None


def test_bins_are_piecewise_linear_and_sum_to_a_spline_of_degree_1():
    X = column(1)
    expansion = Expansion.fit("piecewise8", X, [False])
    edges = np.quantile(X, np.linspace(0, 1, 9), axis=0, method="inverted_cdf")
    new = np.linspace(X.min() - 1, X.max() + 1, 97, dtype=np.float32)[:, None]
    encoded = expansion.apply(new)
    position = (new - edges[:-1].T) / np.diff(edges, axis=0).T
    own = np.clip((X - edges[:-1].T) / np.diff(edges, axis=0).T, 0, 1)
    expected = (np.clip(position, 0, 1) - own.mean(0)) * 0.4 / own.std(0)
    np.testing.assert_allclose(encoded, expected, atol=1e-5)
    # hats of SplineTransformer are differences of neighbouring bins
    spline = SplineTransformer(degree=1, knots=edges.astype(np.float64), extrapolation="constant")
    hats = spline.fit(X).transform(new)
    tails = np.cumsum(hats[:, ::-1], axis=1)[:, ::-1]
    np.testing.assert_allclose(tails[:, 1:], np.clip(position, 0, 1), atol=1e-5)


def test_quantile_inputs_are_as_scikit_learns():
    X = column(2, 2001)
    expansion = Expansion.fit("quantile", X, [False])
    theirs = QuantileTransformer(n_quantiles=257, output_distribution="normal").fit(X)
    low, high = np.quantile(X, (0.01, 0.99))
    inner = (low < X) & (high > X)
    encoded = expansion.apply(X)
    np.testing.assert_allclose(encoded[inner], theirs.transform(X)[inner], atol=0.02)
    assert np.abs(encoded).max() < 3.1
    assert np.isfinite(expansion.apply(np.array([[-1e30], [1e30]], np.float32))).all()


def test_bounded_and_constant_inputs_stay():
    X = np.concatenate([column(3), np.ones((501, 1), np.float32), column(4) > 1], axis=1)
    X = X.astype(np.float32)
    for name in ("quantile", "piecewise4"):
        expansion = Expansion.fit(name, X, [False, False, True])
        assert expansion.lines[-2:] == (Line(1), Line(2))
        np.testing.assert_array_equal(expansion.apply(X)[:, -2:], X[:, 1:])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 60),
    st.integers(1, 50),
    st.integers(1, 12),
    st.integers(0, 99),
    st.booleans(),
)
def test_expansions_are_plain_monotone_and_finite(rows, bins, different, seed, quantile):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, different, (rows, 2)).astype(np.float32)
    name = "quantile" if quantile else f"piecewise{bins}"
    bounded = [False, bool(seed % 2)]
    expansion = Expansion.fit(name, X, bounded)
    again = Expansion.from_plain(json.loads(json.dumps(expansion.to_plain(), allow_nan=False)))
    assert again == expansion
    assert len(expansion.lines) <= expanded_inputs(name, bounded)
    new = np.sort(rng.normal(scale=1e3, size=(20, 1)).astype(np.float32)) * np.ones(2, np.float32)
    new = np.sort(new, axis=0)
    encoded = again.apply(new)
    assert encoded.dtype == np.float32
    assert np.isfinite(encoded).all()
    assert (np.diff(encoded, axis=0) >= 0).all()
    names = expansion.features(["a", "b"])
    assert len(names) == len({*names}) == encoded.shape[1]


def test_bins_of_few_numbers_tell_them_apart():
    X = np.array([0, 0, 1, 1, 1, 2, 2, 2], np.float32)[:, None]
    expansion = Expansion.fit("piecewise16", X, [False])
    codes = expansion.apply(np.array([[0], [1], [2]], np.float32))
    assert len(np.unique(codes.round(5), axis=0)) == 3
    assert expansion.features(["n"]) == ["n bin 1", "n bin 2"]


@pytest.mark.parametrize("name", ["piecewise", "piecewise0", "piecewise2000", "bins", 4, None])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="choose from scaled, quantile, and piecewise4"):
        check_number_encoding(name)


@pytest.mark.parametrize("at_a_time", [1, 100, 1 << 16])
def test_all_outputs_at_once_are_those_of_each_line(at_a_time, monkeypatch):
    monkeypatch.setattr("bpfast.tables.encoding.expansion.AT_A_TIME", at_a_time)
    X = np.concatenate([column(0), column(1).round(), column(2) > 1], axis=1).astype(np.float32)
    for name in ("quantile", "piecewise1", "piecewise7"):
        expansion = Expansion.fit(name, X, [False, False, True])
        expected = np.array([line.of(X[:, line.source]) for line in expansion.lines]).T
        np.testing.assert_array_equal(expansion.apply(X), expected.astype(np.float32))
