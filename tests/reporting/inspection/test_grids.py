"""Grids: their values are those of the rows that they name, and well spread."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bpfast.reporting.inspection.grids import Grid
from bpfast.tables.encoding.moment import Moment, fit_moment
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.raw import WordRows
from bpfast.tables.encoding.words import fit_words

NUMBER = Number(name="x", median=0.0)
PLACES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, 2.0, np.nan]))


@so_many(60)
@given(arrays(np.float64, st.integers(1, 90), elements=PLACES))
def test_numbers_are_those_of_their_rows(numbers):
    grid, present = Grid.of(NUMBER, numbers), numbers[~np.isnan(numbers)]
    assert grid is None if not len(present) else grid.kind == "numbers"
    if grid is None:
        return
    np.testing.assert_allclose(grid.values, numbers[grid.rows], rtol=1e-5)
    assert (np.diff(numbers[grid.rows]) > 0).all()
    different = np.unique(present)
    assert len(grid.rows) <= 26
    if len(different) <= 12:
        np.testing.assert_array_equal(numbers[grid.rows], different)
    assert (grid.missing_row is None) == (grid.lacking == 0)
    assert grid.lacking == np.isnan(numbers).sum()
    if grid.missing_row is not None:
        assert np.isnan(numbers[grid.missing_row])
    for share, decile in zip(np.arange(1, 10) / 10, grid.deciles, strict=True):
        assert (present <= decile).mean() >= share - 1e-12
        assert (present < decile).mean() <= share


def test_a_long_tail_is_reached_but_for_its_last_rows():
    numbers = np.append(np.random.default_rng(0).exponential(size=999), 1e6)
    grid = Grid.of(NUMBER, numbers)
    low, high = np.quantile(numbers, (0.02, 0.98))
    assert grid.values[0] < low
    assert high < grid.values[-1] < 1e6
    assert np.diff(grid.values).max() < 0.2 * (grid.values[-1] - grid.values[0])


def test_words_are_the_most_frequent():
    values = pl.Series(["b"] * 3 + ["a"] * 3 + [" c "] + [None, "NA"] + ["d"] * 4)
    words = WordRows.of(values)
    column = fit_words("w", words, ("a", "b", "d"), rare=1).column
    grid = Grid.of(column, values)
    assert (grid.kind, grid.values, grid.counts) == ("words", ["d", "a", "b", "c"], [4, 3, 3, 1])
    assert [values[int(row)].strip() for row in grid.rows] == grid.values
    assert (grid.missing_row, grid.lacking) == (7, 2)
    many = pl.Series([f"w{k:02}" for k in range(30) for _ in range(30 - k)])
    assert Grid.of(column, many).values == [f"w{k:02}" for k in range(10)]
    assert Grid.of(column, pl.Series([None, None], dtype=pl.String)) is None


@pytest.mark.parametrize("values", [np.array([1.0, 0.0, np.nan]), pl.Series(["yes", "no", None])])
def test_truths_are_words(values):
    grid = Grid.of(Number(name="x", median=0.0, boolean=True), values)
    assert (grid.values, grid.rows.tolist(), grid.missing_row) == (["false", "true"], [1, 0], 2)


def test_dates_and_times_of_day():
    days = pl.Series(pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 4, 9), eager=True))
    column = fit_moment("sold", days.append(pl.Series([None], dtype=pl.Date))).column
    grid = Grid.of(column, days)
    assert grid.kind == "moments"
    assert grid.values == [f"{days[int(row)]}T00:00:00.000000" for row in grid.rows]
    assert grid.values == sorted(grid.values)
    assert grid.deciles[0] == "2024-01-10T00:00:00.000000"
    assert (grid.missing_row, grid.lacking) == (100, 1)
    column = Moment(name="at", parts=("hour", "elapsed days"), first=3_600_000_000, median=0)
    times = pl.Series(["06:30", "18:00", "23:15"]).str.to_time("%H:%M")
    grid = Grid.of(column, times)
    assert (grid.kind, grid.values) == ("numbers", [6.5, 18.0, 23.25])
