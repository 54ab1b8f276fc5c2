"""Values of any type, read as numbers, moments or words."""

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from bpfast.tables.encoding.moment import DAY
from bpfast.tables.encoding.raw import WordRows, read_moments, read_numbers


@pytest.mark.parametrize(
    "values",
    [
        pl.Series("a", [1, 2, None]),
        pl.Series("a", ["1", " 2", "NA"]),
        pl.Series("a", ["1", "2.0", None]),
        pl.Series("a", ["1", "2", "?"], dtype=pl.Categorical),
        pl.Series("a", [1.0, 2.0, np.inf]),
        pl.Series("a", [1.0, 2.0, np.nan]),
        np.array([1.0, 2.0, np.nan]),
        np.array([1.0, 2.0, -np.inf], np.float32),
        np.array(["1", "2", ""]),
        np.array([1, "2", None], object),
    ],
)
def test_numbers_are_read_whatever_their_type(values):
    np.testing.assert_array_equal(read_numbers("a", values), [1.0, 2.0, np.nan])


def test_reading_changes_nothing_that_was_given():
    values = np.array([np.inf, 1.0])
    read_numbers("a", values)
    np.testing.assert_array_equal(values, [np.inf, 1.0])


def test_text_among_numbers_is_told_with_its_row():
    with pytest.raises(ValueError, match=r"column 'age' has 'old' in row 2, expected numbers"):
        read_numbers("age", pl.Series(["3", "old"]))
    with pytest.raises(ValueError, match=r"'1\.5' in row 1, expected numbers with decimal commas"):
        read_numbers("a", pl.Series(["1.5"]), ",")


def test_numbers_are_read_as_they_were_written():
    text = pl.Series(["1,234", "none yet"])
    np.testing.assert_array_equal(read_numbers("a", text, ",", ["none yet"]), [1.234, np.nan])
    np.testing.assert_array_equal(read_numbers("a", text[:1], "."), [1234.0])


def test_truths_are_read():
    text = pl.Series(["True", "f", "?", "perhaps"])
    numbers = read_numbers("a", text, boolean=True)
    np.testing.assert_array_equal(numbers, [1.0, 0.0, np.nan, np.nan])
    np.testing.assert_array_equal(
        read_numbers("a", np.array([True, False]), boolean=True), [1.0, 0.0]
    )


def test_words_have_codes():
    words = WordRows.of(pl.Series(["b", "c", None, " a", "new", "b", "c "]))
    np.testing.assert_array_equal(words.codes(("a", "b", "c")), [1, 2, 4, 0, 3, 1, 2])
    np.testing.assert_array_equal(words.codes(()), [0, 0, 1, 0, 0, 0, 0])


@pytest.mark.parametrize("name", ["a", "count", "text"])
def test_words_are_counted_in_order(name):
    words = WordRows.of(pl.Series(name, ["b", "a", None, "NA", "b "]))
    assert words.counts() == {"a": 1, "b": 2}
    assert [*words.counts()] == ["a", "b"]
    assert words.missing == 2


@pytest.mark.parametrize(
    "values",
    [
        pl.Series("a", [" x", "x ", None]),
        pl.Series("a", ["x", "x", "NA"]),
        pl.Series("a", ["x", "x", None], dtype=pl.Categorical),
        pl.Series("a", ["x", "x", None], dtype=pl.Enum(["x", "y"])),
        np.array(["x", "x", ""]),
        np.array(["x", "x", None], object),
    ],
)
def test_words_are_read_whatever_their_type(values):
    words = WordRows.of(values)
    assert words.counts() == {"x": 2}
    assert words.codes(("x",)).tolist() == [0, 0, 2]


@pytest.mark.parametrize("values", [[1, 2, None], [1.0, 2.0, None], ["1", "2", None]])
def test_numbers_can_be_words(values):
    words = WordRows.of(pl.Series("a", values))
    assert words.counts() == {"1": 1, "2": 1}
    assert words.codes(("2", "1")).tolist() == [1, 0, 3]


def test_words_that_stand_for_missing_ones_can_be_said():
    values = pl.Series(["x", "Unknown", " y"])
    assert WordRows.of(values, ["unknown"]).counts() == {"x": 1, "y": 1}
    assert WordRows.of(values, exact=True).counts() == {" y": 1, "Unknown": 1, "x": 1}


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([date(2024, 5, 1), None]),
        pl.Series([datetime(2024, 5, 1), None], dtype=pl.Datetime("ms")),
        pl.Series([datetime(2024, 5, 1), None], dtype=pl.Datetime("ns")),
        pl.Series(["2024-05-01", None]),
        np.array(["2024-05-01", "NaT"], "datetime64[D]"),
    ],
)
def test_moments_are_read_whatever_their_type(values):
    moments, missing = read_moments("a", values)
    assert moments[0] == 19844 * DAY
    assert missing.tolist() == [False, True]


def test_moments_are_read_as_they_were_written():
    text = pl.Series(["05/03/2024"])
    assert read_moments("a", text, "%d/%m/%Y")[0] == 19787 * DAY
    assert read_moments("a", text, "%m/%d/%Y")[0] == 19846 * DAY
    with pytest.raises(ValueError, match="column 'a' has 'soon' in row 2, expected dates or times"):
        read_moments("a", pl.Series("a", ["2024-05-01", "soon"]))
