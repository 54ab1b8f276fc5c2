"""Words, and the codes that they have among those that are known."""

import numpy as np
import polars as pl
import pytest

from bpfast.tables.encoding.coded import code_words, count_words, read_words
from bpfast.tables.encoding.words import Words


def test_words_have_codes():
    words = pl.Series("a", ["b", "c", None, "a", "new"])
    np.testing.assert_array_equal(code_words(words, ("a", "b", "c")), [1, 2, 4, 0, 3])
    np.testing.assert_array_equal(code_words(words, ()), [0, 0, 1, 0, 0])


@pytest.mark.parametrize("name", ["a", "count", "word"])
def test_words_are_counted_in_order(name):
    words = pl.Series(name, ["b", "a", None, "b"])
    assert count_words(words) == {"a": 1, "b": 2}
    assert [*count_words(words)] == ["a", "b"]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series("a", [" x", "x ", None]),
        pl.Series("a", ["x", "x", "NA"]),
        pl.Series("a", ["x", "x", None], dtype=pl.Categorical),
        pl.Series("a", ["x", "x", None], dtype=pl.Enum(["x", "y"])),
        np.array(["x", "x", ""]),
        np.array(["x", "x", None], object),
    ],
)
def test_words_are_read_whatever_their_type(values):
    assert read_words("a", values).to_list() == ["x", "x", None]


@pytest.mark.parametrize("values", [[1, 2, None], [1.0, 2.0, None], ["1", "2", None]])
def test_numbers_can_be_words(values):
    assert read_words("a", pl.Series("a", values)).to_list() == ["1", "2", None]


def test_words_of_older_models_are_compared_as_they_are():
    column = Words(name="a", words=("-", "red"), exact=True)
    np.testing.assert_array_equal(
        column.encode(pl.Series(["-", "red", " red", "blue"])), [[1, 0], [0, 1], [0, 0], [0, 0]]
    )
