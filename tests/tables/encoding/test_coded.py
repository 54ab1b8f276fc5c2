"""Columns whose words stand for rows of a table of inputs."""

import numpy as np
import polars as pl
import pytest

from bpfast.tables.encoding.words import Words
from bpfast.tables.scaling import Scaler


@pytest.mark.parametrize("rows", [5, 200_000])  # a few, and more than are written at a time
def test_each_word_stands_for_a_row_of_the_table(rows):
    column = Words(name="a", words=("x", "y"), rare=1, missing=1)
    values = pl.Series(["y", "new", None, "x", "NA"]).gather(np.arange(rows) % 5)
    codes = np.resize([1, 2, 3, 0, 3], rows)
    np.testing.assert_array_equal(column.codes(values), codes)
    np.testing.assert_array_equal(column.encode(values), column.table[codes])
    X = np.empty((rows, 4), np.float32)
    scaler = Scaler(np.full(4, 0.5), np.full(4, 0.25))
    column.write_scaled(X, values, scaler)
    np.testing.assert_array_equal(X, scaler.apply(column.table)[codes])


def test_words_of_older_models_are_compared_as_they_are():
    column = Words(name="a", words=("-", "red"), exact=True)
    np.testing.assert_array_equal(
        column.encode(pl.Series(["-", "red", " red", "blue"])), [[1, 0], [0, 1], [0, 0], [0, 0]]
    )


def test_words_that_stand_for_missing_ones_are_the_columns_own():
    column = Words(name="a", words=("x",), missing=1, marks=("unknown",))
    np.testing.assert_array_equal(column.encode(pl.Series(["Unknown", "x"])), [[0, 1], [1, 0]])


def test_true_and_false_may_be_written_otherwise():
    column = Words(name="a", words=("False", "True", "unsure"))
    for values in ([True, False], ["TRUE", "false"], ["True", "False"]):
        assert column.codes(pl.Series(values)).tolist() == [1, 0]
    both = Words(name="a", words=("True", "true"))
    assert both.codes(pl.Series(["True", "true", "TRUE"])).tolist()[:2] == [0, 1]
