"""Dates and times in the ways that people write them."""

from datetime import date, datetime, time, timedelta, timezone

import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.values.moments import FORMATS, TIME_OF_DAY, as_moments, example, read_moments
from bpfast.tables.values.typed import typed

days = st.dates(date(1970, 1, 1), date(2068, 12, 31))
with_days = [date_format for date_format in FORMATS if "%d" in date_format]
CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M:%S.%f", " %I:%M:%S %p")


def type_of(values):
    """The column that text becomes, and the note on it."""
    found = typed(pl.DataFrame({"a": values}, schema={"a": pl.String}))
    return found.frame["a"], found.notes["a"]


@drawn(50)
@given(
    moments=st.lists(st.builds(datetime.combine, days, st.times()), min_size=1, max_size=10),
    date_format=st.sampled_from(with_days),
    clock=st.sampled_from(CLOCKS),
)
def test_moments_in_any_format_are_read_the_same(moments, date_format, clock):
    """The last day of a year is among them, so that the day's place is there to see."""
    clock_format = date_format + clock
    written = [moment.strftime(clock_format) for moment in [*moments, datetime(2024, 12, 31)]]
    expected = [datetime.strptime(text, clock_format) for text in written]
    series, _ = type_of([*written, "NA"])
    assert series.dtype == (pl.Datetime("us") if clock else pl.Date)
    assert series.cast(pl.Datetime("us")).to_list() == [*expected, None]
    assert as_moments(pl.Series(written), date_format).to_list() == expected


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        (["2024-01-05", ""], [date(2024, 1, 5), None], ""),
        (["31.12.2024"], [date(2024, 12, 31)], "dates written like 31.12.2024"),
        (["01/02/2024", "31/12/2024"], [date(2024, 2, 1), date(2024, 12, 31)], "like 31/12/2024"),
        (["01/02/2024", "12/31/2024"], [date(2024, 1, 2), date(2024, 12, 31)], "like 12/31/2024"),
        (["01/02/2024"], [date(2024, 1, 2)], "the month first, since no day above 12"),
        (["Dec 31, 2024"], [date(2024, 12, 31)], "December 31, 2024"),
        (["Sept 5, 2024"], [date(2024, 9, 5)], ""),
        (["2024-02"], [date(2024, 2, 1)], ""),
        (["Feb-2024"], [date(2024, 2, 1)], ""),
        (["14:05", "23:59"], [time(14, 5), time(23, 59)], ""),
        (["18.00.00", "09.30.00"], [time(18), time(9, 30)], ""),
        (["20141013T000000"], [datetime(2014, 10, 13)], "dates written like 20241231"),
        (["20141013", "20150101"], [date(2014, 10, 13), date(2015, 1, 1)], "like 20241231"),
        (["2:05 p.m.", "11:00 AM"], [time(14, 5), time(11)], ""),
        (["2024-01-05T14:05:09Z"], [datetime(2024, 1, 5, 14, 5, 9)], "times in UTC"),
        (["2024-01-05 14:05+02:00"], [datetime(2024, 1, 5, 12, 5)], "times in UTC"),
        (["Mon, 01 Jan 2024 10:00:00 -0530"], [datetime(2024, 1, 1, 15, 30)], "times in UTC"),
        (["2024-01-05 14:05:09,25"], [datetime(2024, 1, 5, 14, 5, 9, 250_000)], ""),
        (["2024-01-05", "2024-01-05 14:00"], [datetime(2024, 1, 5), datetime(2024, 1, 5, 14)], ""),
    ],
)
def test_formats_and_what_is_told_of_them(values, expected, note):
    series, said = type_of(values)
    assert series.to_list() == expected
    assert note in said


@pytest.mark.parametrize(
    "values",
    [
        ["2024-13-01"],
        ["31/31/2024"],
        ["2024-01-05", "05.01.2024"],
        ["25:00"],
        ["2024-01-05 25:00"],
        ["1.2.3"],
        ["10-20"],
        ["may", "june"],
        ["3:2"],
        ["2024-01-05", "7"],
    ],
)
def test_what_is_no_moment_stays_words(values):
    assert type_of(values)[0].dtype == pl.String


def test_a_few_stray_words_among_moments_count_as_missing():
    series, note = type_of(["2024-01-05"] * 40 + ["0000-00-00", "unknown"])
    assert series.dtype == pl.Date
    assert series.null_count() == 2
    assert note == "'0000-00-00', 'unknown' in 2 rows, which counts as missing"


def test_moments_of_any_type_are_datetimes():
    noon = datetime(2024, 1, 1, 12)
    zoned = noon.replace(tzinfo=timezone(timedelta(hours=2)))
    for values, expected in (
        ([noon], noon),
        ([zoned], noon - timedelta(hours=2)),
        ([noon.date()], datetime(2024, 1, 1)),
        ([time(12)], datetime(1970, 1, 1, 12)),
        (["2024-01-01 12:00"], noon),
        (["12:00"], datetime(1970, 1, 1, 12)),
    ):
        moments = as_moments(pl.Series(values))
        assert moments.dtype == pl.Datetime("us")
        assert moments.to_list() == [expected]


def test_eight_digits_are_dates_where_all_are():
    for other in ("20241301", "20240132", "7", "1234567", "inf"):
        assert type_of(["20240101", "20240202", other])[0].dtype.is_numeric()
    strays = [f"202401{day:02}" for day in range(1, 31)] + ["unknown"]
    assert type_of(strays)[0].to_list()[28:] == [date(2024, 1, 29), date(2024, 1, 30), None]
    with_holes = pl.Series([20240101.0, None])
    assert as_moments(with_holes, "%Y%m%d").to_list() == [datetime(2024, 1, 1), None]


def test_a_known_format_decides():
    text = pl.Series(["01/02/2024", None, "x"])
    assert as_moments(text, "%d/%m/%Y", ["x"]).to_list() == [datetime(2024, 2, 1), None, None]
    iso = pl.Series(["2024-02-01", "02.02.2024"])  # which is beyond doubt
    assert as_moments(iso, "%d.%m.%Y").to_list() == [datetime(2024, 2, 1), datetime(2024, 2, 2)]
    assert as_moments(pl.Series(["7:05"]), TIME_OF_DAY).to_list() == [datetime(1970, 1, 1, 7, 5)]


@pytest.mark.parametrize("series", [pl.Series("a", ["2024-01-05", "x"]), pl.Series("a", [1, 2])])
def test_what_is_no_moment_is_refused(series):
    row = 2 if series.dtype == pl.String else 1
    with pytest.raises(
        ValueError, match=f"column 'a' has .* in row {row}, expected dates or times"
    ):
        as_moments(series)


def test_text_without_a_date_of_the_format_is_null():
    assert read_moments(pl.Series(["2024-01-05", "5.1.2024"]), "%d.%m.%Y").to_list()[0] is None


def test_examples_are_the_last_day_of_a_year():
    assert example("%d.%m.%Y") == "31.12.2024"
    assert example(TIME_OF_DAY) == "23:59"
