"""Columns of numbers and words, and the inputs that these are encoded as."""

import numpy as np
import pytest

from bpfast.tables.columns import check_columns, encode, feature_names, fit_columns, shorten

polars = pytest.importorskip("polars")

FRAME = polars.DataFrame({"area": [1.5, 2.0, 4.0], "colour": ["red", "-", "red"]})


def test_words_are_encoded_one_hot():
    columns = fit_columns("a.csv", FRAME)
    assert columns == {"area": [], "colour": ["-", "red"]}
    assert feature_names(columns) == ["area", "colour=-", "colour=red"]
    np.testing.assert_array_equal(
        encode("a.csv", FRAME, columns), [[1.5, 0, 1], [2.0, 1, 0], [4.0, 0, 1]]
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            [str(k) + "x" for k in range(51)],
            "a.csv: column 'a' has 51 different words such as '0x'",
        ),
        (
            ["1", "n/a", "2", "?"],
            "'a' has 2 missing values among its numbers, first 'n/a' in row 2",
        ),
    ],
)
def test_columns_that_are_no_categories_are_refused(values, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        fit_columns("a.csv", polars.DataFrame({"a": values}))


def test_numbers_that_came_as_words_are_numbers_where_the_model_wants_these():
    frame = polars.DataFrame({"a": ["1.5", " 2"]})
    columns = {"a": []}
    with pytest.raises(ValueError, match=r"column 'a' has ' 2' in row 2, expected numbers"):
        check_columns("a.csv", frame, columns)
    check_columns("a.csv", frame[:1], columns)
    np.testing.assert_array_equal(encode("a.csv", frame[:1], columns), [[1.5]])


@pytest.mark.parametrize(("count", "expected"), [(3, "0, 1, 2"), (10, "0, 1, 2, 3 and 6 more")])
def test_long_lists_are_shortened(count, expected):
    assert shorten([str(k) for k in range(count)], most=4) == expected
