"""Columns of dates and times."""

from datetime import date, datetime, time

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.encoding.moment import Moment, fit_moment, part_of
from bpfast.tables.encoding.raw import read_moments

MOMENTS = [datetime(2019, 3, 23, 20, 21, 9), datetime(2020, 12, 31, 0, 0), datetime(2019, 1, 6, 6)]


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
@drawn(200)
def test_parts_are_the_calendars(moment):
    moments, missing = read_moments("a", pl.Series([moment], dtype=pl.Datetime("us")))
    assert not missing.any()
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    expected = {
        "year": moment.year,
        "month": moment.month - 1,
        "day": moment.day - 1,
        "weekday": moment.weekday(),
        "hour": seconds / 3600,
    }
    for part, value in expected.items():
        assert part_of(moments, part)[0] == pytest.approx(value, abs=1e-9), part


def test_inputs_are_cycles_and_elapsed_time():
    column, scaler, _ = fit_moment("pickup", pl.Series(MOMENTS))
    assert column.features == [
        "pickup year",
        *(
            f"pickup {part} {f}"
            for part in ("month", "day", "weekday", "hour")
            for f in ("sin", "cos")
        ),
        "pickup elapsed days",
    ]
    encoded = column.encode(pl.Series(MOMENTS))
    assert encoded[:, 0].tolist() == [2019, 2020, 2019]
    np.testing.assert_allclose(encoded[2, -3:], [1.0, 0.0, 0.0], atol=1e-12)  # at 6, on the first
    assert encoded[1, -1] == 724.75
    assert column.done == "year, month, day, weekday, hour, days since 2019-01-06"
    np.testing.assert_allclose(scaler.mean, encoded.mean(axis=0), rtol=1e-12, atol=1e-12)


def test_times_of_day_count_from_midnight():
    column = fit_moment("at", pl.Series([time(9, 30), time(18), time(23)])).column
    assert column.done == "hour, days since midnight"
    whole = column.encode(pl.Series([datetime(2024, 1, 1, 18)]))
    np.testing.assert_array_equal(whole, column.encode(pl.Series([time(18)])))


def test_december_is_near_january():
    column = Moment(name="a", parts=("month",), first=0, median=0)
    december, january, june = column.encode(
        pl.Series([date(2020, 12, 1), date(2020, 1, 1), date(2020, 6, 1)])
    )
    assert np.linalg.norm(december - january) < 0.6 < 1.9 < np.linalg.norm(december - june)


def test_parts_that_do_not_vary_are_left_out():
    mondays = pl.Series([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)])
    assert fit_moment("a", mondays).column.parts == ("day", "elapsed days")
    times = pl.Series([time(14, 5), time(9, 30)])
    assert fit_moment("a", times).column.parts == ("hour", "elapsed days")


def test_rounding_is_no_variation():
    """The sine of half a turn is not quite zero, which a scaler would blow up."""
    january_and_july = pl.Series([date(2024, 1, 1), date(2024, 7, 1), date(2025, 1, 1)])
    fitted = fit_moment("a", january_and_july)
    k = fitted.column.features.index("a month sin")
    assert fitted.scaler.scale[k] == 1.0


def test_a_rare_month_is_not_scaled_up_without_bounds():
    days = pl.Series([date(2024, 2, 29)] + [date(2024, 3, 1 + k % 28) for k in range(10_000)])
    column, scaler, _ = fit_moment("a", days)
    X = np.empty((len(days), len(column.features)), np.float32)
    column.write_scaled(X, days, scaler)
    assert np.abs(X).max() < 15.0


def test_missing_moments_are_the_median_and_told():
    values = pl.Series([*MOMENTS, None])
    column = fit_moment("a", values).column
    assert column.features[-1] == "a is missing"
    encoded = column.encode(values)
    np.testing.assert_array_equal(encoded[3, :-1], encoded[0, :-1])  # March is the median
    assert encoded[:, -1].tolist() == [0, 0, 0, 1]
    assert column.done.endswith(", days since 2019-01-06; 1 of 4 rows lack it")


def test_new_holes_are_the_median_where_no_training_row_had_one():
    column = fit_moment("a", pl.Series(MOMENTS)).column
    np.testing.assert_array_equal(
        column.encode(pl.Series([None], dtype=pl.Datetime("us"))),
        column.encode(pl.Series(MOMENTS[:1])),
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([date(2024, 5, 1)] * 3, "2024-05-01 in each of 3 training rows"),
        ([None] * 3, "missing in each of 3 training rows"),
    ],
)
def test_columns_that_say_nothing_are_left_out(values, reason):
    assert fit_moment("a", pl.Series(values, dtype=pl.Date)).done == reason
