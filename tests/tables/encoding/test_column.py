"""What all columns share: plain data, and inputs that are written scaled."""

import json

import numpy as np
import polars as pl
import pytest

from bpfast.tables.encoding.column import Column
from bpfast.tables.encoding.input_scales import scale
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.encoding.moment import Moment
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.target_means import TargetMeans
from bpfast.tables.encoding.words import Words
from bpfast.tables.scaling import Scaler

ONE_OF_EACH = [
    Number(name="a", note="percent signs taken off", marks=("x",), median=1 / 3, missing=2, rows=7),
    Number(name="a", median=None, boolean=True),
    Words(name="b", words=("ä", "", " "), rare=1, missing=2, rows=9, exact=True),
    TargetMeans(
        name="c", words=("x", "y"), means=((0.1,), (1 / 3,)), missing_means=(), all_means=(0.2,)
    ),
    Moment(
        name="d", parts=("year", "elapsed days"), first=-5, median=2**60, date_format="%d.%m.%Y"
    ),
    LeftOut(name="e", reason="--drop", before=True),
]


@pytest.mark.parametrize("column", ONE_OF_EACH, ids=lambda column: column.kind)
def test_a_column_is_plain_data(column):
    text = json.dumps(column.to_plain(), allow_nan=False)
    again = Column.from_plain(json.loads(text))
    assert again == column
    assert type(again) is type(column)
    assert len(column.features) == len(column.bounded)


def test_what_later_versions_add_is_not_minded():
    plain = ONE_OF_EACH[0].to_plain() | {"colour": "red"}
    assert Column.from_plain(plain) == ONE_OF_EACH[0]


@pytest.mark.parametrize("column", ONE_OF_EACH, ids=lambda column: column.kind)
def test_inputs_are_scaled_as_they_are_written(column):
    values = {"moment": ["01.02.2024", "31.12.2030"], "number": ["1", "0"]}
    values = pl.Series(values.get(column.kind, ["x", "ä"]))
    encoded = column.encode(values)
    scaler = Scaler(np.arange(1.0, encoded.shape[1] + 1), np.full(encoded.shape[1], 3.0))
    X = np.full((2, encoded.shape[1] + 1), 7.0, np.float32)
    column.write_scaled(X[:, 1:], values, scaler)
    np.testing.assert_array_equal(X[:, 1:], scaler.apply(encoded).astype(np.float32))
    np.testing.assert_array_equal(X[:, 0], 7.0)


def test_what_float32_does_not_hold_is_infinite():
    X = np.empty((2, 1), np.float32)
    scaler = Scaler(np.array([1.0]), np.array([2.0]))
    Number(name="a", median=0.0).write_scaled(X, np.array([3.0, -1e300]), scaler)
    np.testing.assert_array_equal(X, [[1.0], [-np.inf]])
    np.testing.assert_array_equal(scale(np.array([[3.0], [-1e300]]), scaler), X)


def test_a_kind_that_is_not_known_is_told():
    with pytest.raises(ValueError, match="column 'a' is of kind 'colour', expected one of "):
        Column.from_plain({"kind": "colour", "name": "a"})
