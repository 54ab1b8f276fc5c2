"""Raw columns in an ONNX graph are encoded as their encoding encodes them."""

import numpy as np
import pytest
from mixed_tables import model, new_rows, raw_columns
from numpy.testing import assert_allclose, assert_array_equal

from bpfast.tables.encoding import Encoding
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.words import Words
from bpfast.tables.onnx_columns import add_encodings
from bpfast.training.onnx_graph import Graph

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pl = pytest.importorskip("polars")

HOLE = np.nan


def encoded(encoding, inputs):
    """What ONNX makes of raw columns."""
    graph = Graph()
    proto = graph.model(*add_encodings(graph, [encoding]), np.float64, len(encoding.features))
    session = runtime.InferenceSession(proto.SerializeToString())
    return session.run(None, inputs)[0]


def words(*values):
    return np.array([[value] for value in values], object)


def test_a_table_of_every_kind_is_encoded_alike():
    one, rows = model(), new_rows()
    found = encoded(one.encoding, raw_columns(rows, one))
    assert_allclose(found, one.encoding.encode(rows), rtol=1e-9, atol=1e-9)


def test_numbers_that_are_missing_are_the_median():
    column = Number(name="age", median=3.0, missing=1, rows=5)
    given = {"age": np.array([[1.5], [HOLE], [np.inf]])}
    expected = [[1.5, 0.0], [3.0, 1.0], [3.0, 1.0]]
    assert_array_equal(encoded(Encoding((column,)), given), expected)


def test_words_are_rows_of_a_table():
    column = Words(name="deck", words=("A", "B"), rare=2, missing=3, rows=9)
    given = {"deck": words("B", "", "NA", "n/a", "Null", "Z", "A")}
    expected = [[0, 1, 0, 0], *[[0, 0, 0, 1]] * 4, [0, 0, 1, 0], [1, 0, 0, 0]]
    assert_array_equal(encoded(Encoding((column,)), given), expected)


def test_true_and_false_may_be_written_otherwise():
    column = Words(name="sure", words=("True", "unknown"))
    given = {"sure": words("true", "TRUE", "unknown", "false")}
    assert_array_equal(encoded(Encoding((column,)), given), [[1, 0], [1, 0], [0, 1], [0, 0]])


def test_marks_of_missing_values_may_be_more():
    columns = (
        Number(name="age", median=3.0, missing=1, rows=5, marks=("-9", "unknown")),
        Words(name="deck", words=("A",), missing=3, rows=9, marks=("-9", "Unknown")),
    )
    given = {"age": np.array([[-9.0], [9.0]]), "deck": words("unknown", "A")}
    found = encoded(Encoding(columns), given)
    assert_array_equal(found, [[3.0, 1.0, 0.0, 1.0], [9.0, 0.0, 1.0, 0.0]])


def test_words_of_older_models_are_taken_as_they_are():
    encoding = Encoding.from_plain({"grade": ["", "-", "NA"]})
    given = {"grade": words("-", "", "NA", "other")}
    expected = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert_array_equal(encoded(encoding, given), expected)


def test_arrays_go_in_whole():
    columns = [Number(name=f"x{k}", median=float(k), missing=k % 2, rows=5) for k in range(4)]
    encoding = Encoding(tuple(columns))
    X = np.array([[1.0, 2.0, 3.0, 4.0], [HOLE, HOLE, HOLE, HOLE]])
    assert_array_equal(encoded(encoding, {"X": X}), encoding.encode(X))


def test_older_models_of_arrays_have_no_median():
    encoding = Encoding.from_plain({"x0": [], "x1": []})
    X = np.array([[1.0, HOLE], [3.0, 4.0]])
    assert_array_equal(encoded(encoding, {"X": X}), X)


@pytest.mark.parametrize("name", ["predictions", "isnan_0", "X"])
def test_columns_may_have_any_name(name):
    column = Number(name=name, median=0.5, rows=5)
    assert_array_equal(encoded(Encoding((column,)), {name: np.array([[HOLE]])}), [[0.5]])
