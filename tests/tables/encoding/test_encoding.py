"""A table as a network's inputs."""

import json

import numpy as np
import polars as pl
import pytest
from drawn_tables import draw_table

from bpfast.tables.encoding import Encoding, fit
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.words import Words

ENCODING = Encoding(
    (
        LeftOut(name="row", reason="row number", before=True),
        Number(name="age", median=28.0, missing=1, rows=4),
        LeftOut(name="name", reason="4 different words in 4 rows"),
        Words(name="deck", note="trimmed", words=("A", "B")),
    )
)
FRAME = pl.DataFrame({"age": [1.0, None], "name": ["x", "y"], "deck": ["B", "A"]})
ENCODED = [[1, 0, 0, 1], [28, 1, 1, 0]]


def test_a_table_is_encoded_column_by_column():
    assert ENCODING.features == ["age", "age is missing", "deck=A", "deck=B"]
    assert ENCODING.bounded == [False, True, True, True]
    np.testing.assert_array_equal(ENCODING.encode(FRAME), ENCODED)
    np.testing.assert_array_equal(ENCODING.encode(FRAME[1:]), ENCODED[1:])


def test_order_types_and_more_columns_do_not_matter():
    other = pl.DataFrame({"more": [[1], [2]], "deck": ["B ", "A"], "age": ["1", "?"]})
    np.testing.assert_array_equal(ENCODING.encode(other), ENCODED)


def test_columns_that_are_not_there_are_named():
    with pytest.raises(ValueError, match=r"no columns 'age', 'deck', .* its columns are name"):
        ENCODING.encode(FRAME.select("name"))
    many = pl.DataFrame({f"c{k}": [1] for k in range(3000)})
    with pytest.raises(ValueError, match=r"c10, c11 and 2988 more$"):
        ENCODING.encode(many)


def test_columns_of_lists_are_refused():
    with pytest.raises(ValueError, match=r"column 'deck' has the type List"):
        ENCODING.encode(FRAME.with_columns(deck=pl.Series([["A"], ["B"]])))


def test_an_array_has_the_columns_in_order():
    array = np.array([[1.0, "x", "B"], [None, "y", "A"]], object)
    np.testing.assert_array_equal(ENCODING.encode(array), ENCODED)
    with pytest.raises(ValueError, match=r"X has shape \(2, 2\), expected \(samples, 3\)"):
        ENCODING.encode(array[:, :2])


def test_each_column_is_told():
    assert ENCODING.describe() == [
        {"column": "row", "kind": "left out", "inputs": 0, "done": "row number"},
        {
            "column": "age",
            "kind": "number",
            "inputs": 2,
            "done": "1 of 4 training rows lack it: their median, 28, and a 0/1 input",
        },
        {"column": "name", "kind": "left out", "inputs": 0, "done": "4 different words in 4 rows"},
        {"column": "deck", "kind": "words", "inputs": 2, "done": "trimmed; 2 words one-hot: A, B"},
    ]


@pytest.mark.parametrize("seed", range(3))
def test_an_encoding_is_plain_data(seed):
    frame, target = draw_table(seed)
    encoding = fit(frame, np.arange(300), target, 3).encoding
    again = Encoding.from_plain(json.loads(json.dumps(encoding.to_plain(), allow_nan=False)))
    assert again == encoding
    np.testing.assert_array_equal(again.encode(frame), encoding.encode(frame))


def test_an_older_models_columns_are_read():
    encoding = Encoding.from_plain({"area": [], " colour": ["-", "red"]})
    frame = pl.DataFrame({"area": [1.5, 2.0, 4.0], "colour": ["red", "-", "green"]})
    assert encoding.features == ["area", " colour=-", " colour=red"]
    np.testing.assert_array_equal(encoding.encode(frame), [[1.5, 0, 1], [2.0, 1, 0], [4.0, 0, 0]])
