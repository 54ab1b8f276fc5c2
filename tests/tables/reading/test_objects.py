"""Columns of Python's objects: one type, several types, missing values of all kinds."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest

from bpfast.tables.reading.objects import of_objects

pl = pytest.importorskip("polars")

DAY, MOMENT = date(2024, 1, 2), datetime(2024, 1, 2, 3)
EAST, SAME = timezone(timedelta(hours=2)), MOMENT.replace(tzinfo=UTC)
NANOSECONDS = np.datetime64("2024-01-02T03", "ns")


@pytest.mark.parametrize("first_missing", [False, True])
@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([np.int64(1), "a"], pl.String, ["1", "a"]),
        ([np.float32(0.5), "a"], pl.String, ["0.5", "a"]),
        ([np.bool_(True), 5], pl.Float64, [1.0, 5.0]),
        ([True, np.bool_(False)], pl.Boolean, [True, False]),
        ([True, "a"], pl.String, ["true", "a"]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([Decimal("1.5"), True], pl.Float64, [1.5, 1.0]),
        ([5, 10**40], pl.Float64, [5.0, 1e40]),
        ([DAY, MOMENT], pl.String, ["2024-01-02", "2024-01-02 03:00:00"]),
        ([MOMENT, NANOSECONDS], pl.Datetime("us"), [MOMENT, MOMENT]),
        ([MOMENT, SAME.astimezone(EAST)], pl.Datetime("us"), [MOMENT, MOMENT]),
        ([5, DAY], pl.String, ["5", "2024-01-02"]),
        ([DAY, timedelta(hours=1)], pl.String, ["2024-01-02", "1:00:00"]),
        ([time(3), time(4)], pl.Time, [time(3), time(4)]),
        (["a", [1]], pl.Object, ["a", [1]]),
    ],
)
def test_values_of_several_types(values, dtype, expected, first_missing):
    if first_missing:
        values, expected = [None, *values], [None, *expected]
    got = of_objects("a", values)
    assert got.dtype == dtype
    assert got.to_list() == expected


def test_missing_values_of_all_kinds():
    pd = pytest.importorskip("pandas")
    missing = [None, float("nan"), np.float32("nan"), np.datetime64("NaT"), pd.NaT, pd.NA]
    for value in (1, "a", MOMENT, pd.Timestamp(MOMENT), True):
        got = of_objects("a", [*missing, value])
        assert got.to_list() == [None] * len(missing) + [value]
