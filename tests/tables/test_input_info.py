"""What a model is given, tables and arrays, as the inputs of its network."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from ensembles import inputs_of
from mixed_tables import model, new_rows
from numpy.testing import assert_array_equal

from bpfast import Scaler
from bpfast.tables.encoding import Encoding
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.encoding.moment import Moment
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.words import Words
from bpfast.tables.input_info import InputInfo, is_array

AGE = Number(name="age", median=3.0, missing=1, rows=5)
DECK = Words(name="deck", words=("A", "B"), rows=5)
ID = LeftOut(name="id", reason="row number", before=True)
SAME = LeftOut(name="same", reason="1 in each row")
ENCODING = Encoding((ID, AGE, SAME, DECK))
NUMBERS = Encoding((AGE, Number(name="fare", median=1.0, rows=5)))


def encode_inputs(encoding, X):
    inputs = len(encoding.features)
    return InputInfo(encoding, Scaler(np.zeros(inputs), np.ones(inputs))).encode(X)


def test_a_table_goes_in_by_its_columns_names():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"deck": ["B", "?"], "more": [0, 0], "age": [None, 2]})
    expected = [[3.0, 1.0, 0.0, 1.0], [2.0, 0.0, 0.0, 0.0]]
    assert_array_equal(encode_inputs(ENCODING, frame), expected)
    assert_array_equal(encode_inputs(ENCODING, frame.to_dict(as_series=False)), expected)
    assert_array_equal(encode_inputs(ENCODING, frame.to_dicts()), expected)


def test_types_of_columns_do_not_matter():
    pl = pytest.importorskip("polars")
    encoding, rows = model().encoding, new_rows()
    text = rows.with_columns(pl.col(pl.Float64, pl.Boolean).cast(pl.String))
    assert_array_equal(encode_inputs(encoding, text), encode_inputs(encoding, rows))


@pytest.mark.parametrize("make", [np.array, np.ndarray.tolist, lambda X: X.tolist()])
def test_an_array_goes_in_by_its_columns_order(make):
    X = np.array([[4.0, 7.0], [np.nan, 8.0]])
    assert_array_equal(encode_inputs(NUMBERS, make(X)), [[4.0, 0.0, 7.0], [3.0, 1.0, 8.0]])


def test_an_array_of_words_goes_in_without_columns_that_were_left_out_before():
    pytest.importorskip("polars")
    expected = [[4.0, 0.0, 1.0, 0.0], [3.0, 1.0, 0.0, 1.0]]
    rows = [[4.0, 1.0, "A"], [None, 1.0, "B"]]
    assert_array_equal(encode_inputs(ENCODING, rows), expected)
    assert_array_equal(encode_inputs(ENCODING, np.array(rows, object)), expected)
    assert_array_equal(encode_inputs(ENCODING, np.array(rows[:1])), expected[:1])


ARRAY = Encoding(tuple(Number(name=f"x{k}", median=0.0, rows=5) for k in range(2)))


def test_numbers_of_other_names_go_to_a_model_of_an_array_by_their_order():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"width": [1.0, 2.0], "height": [3, 4]})
    for table in (frame, frame.lazy()):
        assert_array_equal(encode_inputs(ARRAY, table), [[1.0, 3.0], [2.0, 4.0]])
    named = frame.select(x1="width", x0="height")
    assert_array_equal(encode_inputs(ARRAY, named), [[3.0, 1.0], [4.0, 2.0]])
    with pytest.raises(ValueError, match="no column 'x1'"):
        encode_inputs(ARRAY, frame.select(x0="width", height="height"))


def test_rows_of_moments_go_in():
    pytest.importorskip("polars")
    first = datetime(2024, 1, 1)
    micro = int((first - datetime(1970, 1, 1)).total_seconds() * 1e6)
    when = Moment(name="when", parts=("elapsed days",), first=micro, median=micro, rows=5)
    rows = [[datetime(2024, 1, 3), 1.0], [None, 2.0]]
    expected = [[2.0, 1.0, 0.0], [0.0, 2.0, 0.0]]
    for X in (rows, np.array(rows, object)):
        assert_array_equal(encode_inputs(Encoding((when, AGE)), X), expected)


def test_none_among_numbers_is_missing():
    assert_array_equal(encode_inputs(ARRAY, [[None, 1.0]]), [[0.0, 1.0]])


@pytest.mark.parametrize(("columns", "expected"), [(ARRAY, True), (NUMBERS, False)])
def test_columns_of_an_array_have_numbers_for_names(columns, expected):
    assert is_array(columns) is expected


def test_an_array_that_is_encoded_already_stays_as_it_is():
    X = np.arange(8.0).reshape(2, 4)
    assert_array_equal(encode_inputs(ENCODING, X), X)


@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        (np.ones((5, 5)), ValueError, r"shape \(5, 5\), expected \(samples, 3\) or \(samples, 4\)"),
        (np.ones(3), ValueError, r"X has shape \(3,\), expected"),
        ([["a", "b"]], ValueError, r"X has shape \(1, 2\), expected \(samples, 3\)"),
        ("new.csv", TypeError, r"X is 'new.csv': if it is a file, give bpfast.read_table"),
        (["a", "b"], ValueError, r"X has shape \(2,\), expected \(samples, 3\)"),
        (np.ones((5, 3), complex), TypeError, "X must be an array of numbers"),
        ([[1.0, 2.0], [3.0]], TypeError, "X must be an array of numbers"),
    ],
)
def test_other_arrays_are_refused_in_words(X, error, words):
    with pytest.raises(error, match=words):
        encode_inputs(ENCODING, X)


def test_numbers_that_overflow_are_told_with_their_column():
    info = InputInfo(ARRAY, Scaler(np.zeros(2), np.ones(2)))
    with pytest.raises(ValueError, match=r"'x1' is too far from .* in row 2"):
        info.encode(np.array([[1.0, 2.0], [3.0, 1e39]]), np.float32)


def test_a_row_of_a_pandas_table_is_no_table():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=r"X has shape \(2,\), expected"):
        encode_inputs(ENCODING, pandas.DataFrame({"age": [1.0], "deck": ["A"]}).iloc[0])


def test_columns_that_are_not_there_are_named():
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"no column 'deck', .* its columns are age, id"):
        encode_inputs(ENCODING, pl.DataFrame({"age": [1.0], "id": [1]}))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_are_scaled_in_float64(dtype):
    pytest.importorskip("polars")
    one, rows = model(), new_rows()
    expected = one.scaler.apply(one.encoding.encode(rows))
    found = one.input_info.encode(rows, np.dtype(dtype))
    assert found.dtype == dtype
    assert_array_equal(found, expected.astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_scaled_is_expanded(dtype):
    pytest.importorskip("polars")
    found, rows = inputs_of(1, "piecewise4"), new_rows()
    encoded = found.encode(rows, np.dtype(dtype))
    scaled = replace(found, expansion=None).encode(rows, np.dtype(np.float32))
    assert encoded.dtype == dtype
    assert_array_equal(encoded, found.expansion.apply(scaled))
    assert_array_equal(encoded, found.expand(found.scaled(rows, np.dtype(np.float32)), dtype))
    assert found.features == found.expansion.features(found.encoding.features)
    assert len(found.features) == encoded.shape[1] > len(found.encoding.features)
