"""Columns that have types of their own."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest

from bpfast.tables.values.native import check_native, convert_native


@pytest.mark.parametrize(
    ("series", "dtype", "values", "note"),
    [
        (pl.Series([1, None]), pl.Int64, [1, None], ""),
        (pl.Series([1.5, float("nan")]), pl.Float64, [1.5, None], ""),
        (
            pl.Series([1.5, float("inf")], dtype=pl.Float32),
            pl.Float32,
            [1.5, None],
            "infinite in 1 row, which counts as missing",
        ),
        (pl.Series([Decimal("1.25")]), pl.Float64, [1.25], ""),
        (pl.Series([2**64]), pl.Float64, [2.0**64], ""),
        (pl.Series([timedelta(minutes=1)]), pl.Float64, [60.0], "seconds"),
        (pl.Series([None, None]), pl.Float64, [None, None], "no values"),
        (pl.Series([True]), pl.Boolean, [True], ""),
        (pl.Series(["a"], dtype=pl.Categorical), pl.Categorical, ["a"], ""),
    ],
)
def test_few_types_are_left(series, dtype, values, note):
    converted, said = convert_native(series)
    assert converted.dtype == dtype
    assert converted.to_list() == values
    assert said == note


def test_moments_with_a_zone_are_in_utc():
    moment = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    converted, note = convert_native(pl.Series([moment]))
    assert converted.to_list() == [datetime(2024, 1, 1, 10)]
    assert note == "times in UTC"


def test_numbers_may_stand_for_missing_values():
    assert convert_native(pl.Series([1, -9]), ["-9"])[0].to_list() == [1, None]


@pytest.mark.parametrize("values", [[[1, 2]], [{"a": 1}], [b"x"]])
def test_other_types_are_refused(values):
    with pytest.raises(ValueError, match=r"column 'a' has the type .*leave it out"):
        check_native(pl.Series("a", values))
