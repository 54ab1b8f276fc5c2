"""Splits by time: equal times stay together, and what cannot be sorted is refused."""

import numpy as np
import pytest

from bpfast.sweeps.time_order import TimeOrder

pytest.importorskip("sklearn")

rng = np.random.default_rng(0)
TIMES = rng.permutation(np.repeat(np.arange(10), 10))
ROWS = 100


def test_the_latest_rows_are_the_test_part():
    parts = TimeOrder(TIMES, ROWS).parts(0.2, 0.1)
    assert [sorted(set(TIMES[part])) for part in parts] == [[*range(7)], [7, 8], [9]]


def test_a_cut_between_equal_times_is_moved_to_the_nearest_change():
    parts = TimeOrder(TIMES, ROWS).parts(0.17, 0.16)
    assert [sorted(set(TIMES[part])) for part in parts] == [[*range(7)], [7], [8, 9]]


@pytest.mark.parametrize("kind", ["datetime64[s]", "datetime64[ns]", float, str, object])
def test_times_are_numbers_or_dates(kind):
    dates = np.datetime64("2024-01-01") + TIMES.astype("timedelta64[D]")
    times = TIMES.astype(kind) if kind is float else dates.astype(kind)
    parts = TimeOrder(times, ROWS).parts(0.2, 0.1)
    assert set(TIMES[parts.test]) == {9}


def test_windows_are_those_of_scikit_learn_where_times_differ():
    from sklearn import model_selection

    way = TimeOrder(np.arange(ROWS), ROWS)
    for share, size in ((None, None), (0.1, 10)):
        expected = model_selection.TimeSeriesSplit(4, test_size=size).split(np.arange(ROWS))
        for ours, theirs in zip(way.windows(way.order, 4, share), expected, strict=True):
            for rows, other in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(rows, other)


def test_windows_of_few_times_are_one_time_each():
    way = TimeOrder(np.repeat([0, 1, 2], [1, 98, 1]), ROWS)
    (first, second) = way.windows(way.order, 2, None)
    assert [len(rows) for rows in (*first, *second)] == [1, 98, 99, 1]


@pytest.mark.parametrize(
    ("times", "error", "words"),
    [
        (TIMES[:3], ValueError, r"time_column has shape \(3,\), expected \(100,\)"),
        (
            np.where(TIMES == 3, np.nan, TIMES),
            ValueError,
            "time_column is missing in 10 of 100 rows",
        ),
        (
            np.where(TIMES == 3, "soon", "2024-01-01"),
            TypeError,
            "time_column must be numbers, .*soon",
        ),
    ],
)
def test_times_that_cannot_be_sorted_are_refused(times, error, words):
    with pytest.raises(error, match=words):
        TimeOrder(times, ROWS)


def test_too_few_times_are_refused():
    way = TimeOrder(TIMES // 5, ROWS)
    with pytest.raises(ValueError, match="100 rows have 2 different times, too few for 3 parts"):
        way.parts(0.2, 0.2)
    with pytest.raises(ValueError, match="100 rows have 2 different times, too few for 4 parts"):
        way.windows(way.order, 3, None)
    with pytest.raises(ValueError, match=r"cv=3 windows of 40 rows leave none of 100"):
        way.windows(way.order, 3, 0.4)
    with pytest.raises(ValueError, match="cv=100 windows of time need a row each"):
        way.windows(way.order, 100, None)
