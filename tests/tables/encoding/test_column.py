"""What all columns share: plain data, sentences, and the scale of zeros and ones."""

import json

import numpy as np
import pytest

from bpfast.tables.encoding.column import Column, bound_scale, count, fit_scaler, scale, stack
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.encoding.moment import Moment
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.target_means import TargetMeans
from bpfast.tables.encoding.words import Words
from bpfast.tables.scaling import Scaler

ONE_OF_EACH = [
    Number(name="a", note="percent signs taken off", median=1 / 3, missing=2, rows=7),
    Number(name="a", median=None, boolean=True),
    Words(name="b", words=("ä", "", " "), rare=1, missing=2, rows=9, exact=True),
    TargetMeans(
        name="c", words=("x", "y"), means=((0.1,), (1 / 3,)), missing_means=(), all_means=(0.2,)
    ),
    Moment(name="d", parts=("year", "elapsed days"), first=-5, median=2**60, format="%d.%m.%Y"),
    LeftOut(name="e", reason="--drop", before=True),
]


@pytest.mark.parametrize("column", ONE_OF_EACH, ids=lambda column: column.kind)
def test_a_column_is_plain_data(column):
    text = json.dumps(column.to_plain(), allow_nan=False)
    again = Column.from_plain(json.loads(text))
    assert again == column
    assert type(again) is type(column)
    assert len(column.features) == len(column.flags)


def test_what_later_versions_add_is_not_minded():
    plain = ONE_OF_EACH[0].to_plain() | {"colour": "red"}
    assert Column.from_plain(plain) == ONE_OF_EACH[0]


def test_a_rare_one_is_not_scaled_up_without_bounds():
    flag = np.zeros(100_000)
    flag[0] = 1.0
    assert fit_scaler([flag], [False]).apply(flag).max() > 300.0
    assert fit_scaler([flag], [True]).apply(flag).max() < 15.0


def test_inputs_are_scaled_each_for_itself():
    inputs = np.random.default_rng(0).normal(5.0, 3.0, (2, 50))
    scaler = fit_scaler(inputs, [False, False])
    np.testing.assert_allclose(scaler.mean, inputs.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(scaler.scale, inputs.std(axis=1), rtol=1e-12)


def test_scales_of_frequent_ones_and_of_numbers_stay():
    np.testing.assert_array_equal(
        bound_scale(np.array([0.3, 1e-9, 1.0]), [True, False, True]), [0.3, 1e-9, 1.0]
    )


def test_inputs_are_put_side_by_side():
    np.testing.assert_array_equal(stack(iter([np.ones(2), [3, 4]]), 2, 2), [[1, 3], [1, 4]])


def test_scaled_inputs_are_float32_and_too_large_ones_infinite():
    scaler = Scaler(np.array([1.0]), np.array([2.0]))
    scaled = scale(np.array([[3.0], [-1e300]]), scaler)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, [[1.0], [-np.inf]])


def test_things_are_counted_in_english():
    assert [count(n, "word") for n in (0, 1, 2, 2300)] == [
        "0 words",
        "1 word",
        "2 words",
        "2,300 words",
    ]
