"""Columns of numbers, with the median and an input of zeros and ones where they are missing."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from bpfast.tables.encoding.number import Number, fit_number

FINITE = st.floats(-1e6, 1e6, width=32)


@given(
    train=hnp.arrays(np.float64, st.integers(2, 60), elements=FINITE | st.just(np.nan)),
    new=hnp.arrays(np.float64, st.integers(1, 20), elements=FINITE | st.just(np.nan)),
)
@drawn(60)
def test_numbers_are_imputed_as_by_scikit_learn(train, new):
    train[0] = 1.0  # scikit-learn leaves out what has no values at all
    imputer = SimpleImputer(strategy="median", add_indicator=True).fit(train.reshape(-1, 1))
    fitted = fit_number("a", pl.Series("a", train), keep=True)
    expected = imputer.transform(train.reshape(-1, 1))
    np.testing.assert_array_equal(fitted.column.encode(pl.Series("a", train)), expected)
    new = new[~np.isnan(new)] if not np.isnan(train).any() else new
    if len(new):
        np.testing.assert_array_equal(
            fitted.column.encode(pl.Series("a", new)), imputer.transform(new.reshape(-1, 1))
        )
    if len(np.unique(expected[:, 0])) > 1 and expected[:, 0].std() > 1e-3:
        scaled = StandardScaler().fit_transform(expected)
        X = np.empty(expected.shape, np.float32)
        fitted.column.write_scaled(X, pl.Series("a", train), fitted.scaler)
        np.testing.assert_allclose(X[:, 0], scaled[:, 0], rtol=1e-4, atol=1e-4)


def test_new_holes_are_the_median_where_no_training_row_had_one():
    column = fit_number("a", pl.Series("a", [1.0, 2.0, 9.0])).column
    assert column.features == ["a"]
    np.testing.assert_array_equal(column.encode(pl.Series("a", [None, 5.0])), [[2.0], [5.0]])


def test_truths_are_zeros_and_ones():
    column = fit_number("a", pl.Series("a", [True, False, None, True])).column
    assert column.bounded == [True, True]
    np.testing.assert_array_equal(column.encode(pl.Series("a", [True, False])), [[1, 0], [0, 0]])
    np.testing.assert_array_equal(column.encode(pl.Series("a", ["Yes", "f"])), [[1, 0], [0, 0]])
    assert fit_number("a", pl.Series("a", [True, False])).column.done == "1 for true, 0 for false"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([3.0] * 1200, "3 in each of 1,200 training rows"),
        ([None, None], "missing in each of 2 training rows"),
    ],
)
def test_columns_that_say_nothing_are_left_out(values, reason):
    series = pl.Series("a", values, dtype=pl.Float64)
    assert fit_number("a", series).done == reason


def test_a_constant_is_kept_where_it_is_missing_at_times_or_asked_for():
    assert fit_number("a", pl.Series("a", [3.0, None, 3.0])).column.features == [
        "a",
        "a is missing",
    ]
    fitted = fit_number("a", pl.Series("a", [3.0, 3.0]), keep=True)
    assert (fitted.scaler.mean, fitted.scaler.scale) == (3.0, 1.0)


def test_what_is_done_is_a_sentence():
    values = pl.Series("age", [28.0] * 535 + [None] * 177)
    assert fit_number("age", values).column.done == (
        "177 of 712 training rows lack it: their median, 28, and a 0/1 input"
    )
    assert Number(name="a", median=1.0).done == "as it is"


def test_an_older_models_holes_stay_holes():
    column = Number(name="a", median=None)
    np.testing.assert_array_equal(column.encode(np.array([1.0, np.nan])), [[1.0], [np.nan]])


def test_text_is_read_as_it_was_written():
    column = Number(name="a", median=1.0, decimal=",", marks=("none yet",))
    np.testing.assert_array_equal(column.encode(pl.Series(["1,234", "none yet"])), [[1.234], [1.0]])
