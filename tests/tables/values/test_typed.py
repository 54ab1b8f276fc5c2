"""Whole tables get types, in one piece or in batches."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.values import as_booleans, as_moments, as_numbers, as_words
from bpfast.tables.values.typed import KindFinder, Writing, typed

WORDS = (
    *(
        "1",
        "2.5",
        "1,5",
        "1,234",
        "-",
        "NA",
        "",
        "x",
        "unknown",
        "00501",
        "12%",
        "$3",
        " 7 ",
        "(5)",
    ),
    *("true", "False", "yes", "no", "2024-01-05", "31.12.2024", "12:30", "inf", "1e5", "1.2.3"),
)
columns = st.lists(st.sampled_from([None, *WORDS]), min_size=6, max_size=6)


@drawn(25)
@given(st.lists(columns, min_size=1, max_size=4), st.integers(1, 5), st.booleans())
def test_batches_get_the_types_of_the_whole(values, rows, compact):
    frame = pl.DataFrame({f"c{k}": own for k, own in enumerate(values)})
    frame = frame.cast(pl.String)
    whole = KindFinder(compact=compact)
    whole.see(frame)
    finder = KindFinder(compact=compact)
    batches = [*frame.iter_slices(rows)]
    for batch in batches:
        finder.see(batch)
    parts = [finder.typed(batch) for batch in batches]
    expected = whole.typed(frame)
    joined = pl.concat([part.frame for part in parts])
    assert joined.cast({pl.Enum: pl.String}).equals(expected.frame.cast({pl.Enum: pl.String}))
    assert parts[0].notes == expected.notes
    assert parts[0].writing == expected.writing


@pytest.mark.parametrize("first", ["-", "inf", "none"])
def test_words_may_begin_with_what_is_missing_among_numbers(first):
    finder = KindFinder(compact=True)
    batches = [pl.DataFrame({"a": words}) for words in ([first] * 9, ["x"] * 9)]
    for batch in batches:
        finder.see(batch)
    parts = [finder.typed(batch).frame["a"] for batch in batches]
    assert [part.unique().to_list() for part in parts] == [[first], ["x"]]
    assert parts[0].dtype == pl.Enum


def test_types_do_not_change_a_second_time():
    frame = typed(
        pl.DataFrame(
            {
                "number": ["1,5", "NA"],
                "word": ["a", "b"],
                "truth": ["true", "false"],
                "day": ["31.12.2024", "01.01.2024"],
            }
        )
    ).frame
    again = typed(frame)
    assert again.frame.equals(frame)
    assert {*again.notes.values()} == {""}
    assert [*map(str, frame.dtypes)] == ["Float64", "String", "Boolean", "Date"]


def test_how_text_was_written_is_kept():
    frame = pl.DataFrame(
        {
            "number": [f"{k},5" for k in range(40)] + ["unknown"],
            "day": ["31.12.2024"] * 41,
            "word": ["a"] * 41,
            "int": range(41),
        }
    )
    assert typed(frame, missing=["x"]).writing == {
        "number": Writing(",", "", ("x", "unknown")),
        "day": Writing("", "%d.%m.%Y", ("x",)),
        "word": Writing("", "", ("x",)),
    }


def test_what_the_user_says_decides():
    frame = pl.DataFrame({"zip": ["501", "94105"], "n": [1, 2], "size": ["10", "big"]})
    found = typed(frame, categorical=["zip", "n"], numeric=["size"]).frame
    assert found.to_dict(as_series=False) == {
        "zip": ["501", "94105"],
        "n": ["1", "2"],
        "size": [10, None],
    }


def test_categories_are_numbers_where_they_are_asked_to_be():
    frame = pl.DataFrame({"zip": pl.Series(["00501", "94105"], dtype=pl.Categorical)})
    assert typed(frame).frame.equals(frame)
    assert typed(frame, numeric=["zip"]).frame["zip"].to_list() == [501, 94105]


def test_a_column_that_is_to_be_numbers_takes_new_words_as_missing_where_it_has_many():
    sizes = pl.DataFrame({"size": ["850", "900 - 950", "80 m", "1 acre", "2 plots", "1200"]})
    found = typed(sizes, numeric=["size"])
    assert found.frame["size"].to_list() == [850, None, None, None, None, 1200]
    numbers, wrong = as_numbers(pl.Series(["7", "3 yards"]), ".", found.writing["size"].missing)
    np.testing.assert_array_equal(numbers, [7, np.nan])
    assert wrong is None


def test_columns_without_values_are_numbers_without_values():
    found = typed(pl.DataFrame({"a": ["?", "", None]}))
    assert found.frame["a"].dtype == pl.Float64
    assert found.notes == {"a": "no values"}


def test_columns_of_lists_are_refused():
    with pytest.raises(ValueError, match=r"column 'a' has the type List\(Int64\)"):
        typed(pl.DataFrame({"a": [[1]]}))


@drawn(60)
@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=8))
def test_any_text_gets_a_type(values):
    frame = pl.DataFrame({"a": values}, schema={"a": pl.String})
    found = typed(frame)
    assert found.frame.height == len(values)
    series = found.frame["a"]
    if series.dtype == pl.String:
        for word, text in zip(series, values, strict=True):
            assert word is None or word in text


@drawn(60)
@given(columns, st.booleans())
def test_new_rows_are_read_as_the_first_were(values, compact):
    """What is known of a column, its type and writing, is enough to read its text again."""
    frame = pl.DataFrame({"a": values}, schema={"a": pl.String})
    finder = KindFinder(compact=compact)
    finder.see(frame)
    found = finder.typed(frame)
    series, writing = found.frame["a"], found.writing["a"]
    if series.dtype.is_numeric():
        numbers, wrong = as_numbers(frame["a"], writing.decimal, writing.missing)
        assert wrong is None
        np.testing.assert_allclose(numbers, as_numbers(series)[0], rtol=1e-7)
    elif series.dtype.is_temporal():
        moments = as_moments(frame["a"], writing.date_format, writing.missing)
        assert moments.equals(as_moments(series))
    elif series.dtype == pl.Boolean:
        truths = as_booleans(frame["a"], writing.missing)
        np.testing.assert_array_equal(truths, as_booleans(series))
    else:
        assert as_words(frame["a"], writing.missing).equals(as_words(series))
