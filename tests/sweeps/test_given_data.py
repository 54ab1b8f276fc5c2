"""The data that a user gives: arrays, tables, data sets; and rows of a test part beside them."""

import numpy as np
import pytest

from bpfast.sweeps.given_data import TableOptions
from bpfast.tables.roles import Roles

pl = pytest.importorskip("polars")

FRAME = pl.DataFrame(
    {
        "a": [1.0, 2.0, None, 4.0, 5.0, 6.0],
        "b": ["x", "y", "x", None, "x", "y"],
        "y": ["no", "yes", "no", "yes", "no", "yes"],
    }
)
X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])
NAMED = TableOptions(Roles("y"))
ARRAYS = TableOptions(Roles(Y))


@pytest.mark.parametrize(
    "given", [FRAME, FRAME.to_dict(as_series=False), FRAME.to_dicts(), FRAME.lazy()]
)
def test_tables_of_all_kinds_are_read(given):
    dataset = NAMED.dataset(given)
    assert dataset.inputs.columns == ["a", "b"]
    assert dataset.target.classes == ["no", "yes"]


@pytest.mark.parametrize("given", [FRAME, X])
def test_a_target_that_is_missing_is_asked_for(given):
    with pytest.raises(TypeError, match="y is missing: give the target's values, or its column"):
        TableOptions(Roles(None)).dataset(given)


def test_a_file_is_to_be_read_first():
    with pytest.raises(TypeError, match=r"give bpfast\.read_table\('a\.csv'\)"):
        NAMED.dataset("a.csv")


def test_marks_of_missing_values_may_be_one_word():
    frame = FRAME.with_columns(b=pl.Series(["x", "gone", "x", "y", "gone", "y"]))
    for missing in ("gone", ["gone"]):
        inputs = NAMED._replace(missing=missing).dataset(frame).inputs
        assert inputs["b"].to_list() == ["x", None, "x", "y", None, "y"]


@pytest.mark.parametrize(
    "test_data", [FRAME[2:4], FRAME[2:4].to_dicts(), (FRAME[2:4].drop("y"), ["no", "yes"])]
)
def test_test_rows_of_a_table(test_data):
    dataset = NAMED.dataset(pl.concat([FRAME] * 2))
    test = NAMED.test_dataset(test_data, dataset)
    assert test.inputs["a"].to_list() == [None, 4.0]
    np.testing.assert_array_equal(test.target.values, [0, 1])
    assert NAMED.test_dataset(None, dataset) is None


def test_test_rows_of_an_array():
    dataset = ARRAYS.dataset(X)
    test = ARRAYS.test_dataset((X[:2] + 1, [1.0, 1.0]), dataset)
    np.testing.assert_array_equal(test.inputs, X[:2] + 1)
    np.testing.assert_array_equal(test.target.values, [1, 1])


@pytest.mark.parametrize(
    ("options", "test_data", "error", "words"),
    [
        (NAMED, FRAME.with_columns(y=pl.lit("maybe")), ValueError, "'maybe', expected one of no"),
        (NAMED, FRAME.drop("y"), ValueError, "there is no column 'y'"),
        (TableOptions(Roles(Y)), FRAME, TypeError, r"\(X, y\), .* got DataFrame"),
        (ARRAYS, X, TypeError, r"test_data must be \(X, y\), or a table .* got ndarray"),
        (ARRAYS, (X, Y[:3]), ValueError, r"X has shape \(6, 2\), expected \(3, features\)"),
        (ARRAYS, (X, Y + 7), ValueError, "'7', expected one of 0, 1"),
    ],
)
def test_test_rows_that_do_not_fit_are_refused(options, test_data, error, words):
    dataset = options.dataset(X if options is ARRAYS else FRAME)
    with pytest.raises(error, match=words):
        options.test_dataset(test_data, dataset)
