"""Which columns of text are numbers, and which look like it and are codes or words."""

import polars as pl
import pytest

from bpfast.tables.values.batch import Batch
from bpfast.tables.values.number_evidence import NumberEvidence, Reading
from bpfast.tables.values.typed import typed

TENTHS = [f"{k}.5" for k in range(60)]


def type_of(values, **options):
    """The type that a column gets, and the note on it."""
    found = typed(pl.DataFrame({"a": values}, schema={"a": pl.String}), **options)
    return found.frame["a"], found.notes["a"]


@pytest.mark.parametrize(
    "values",
    [
        ["00501", "12345"],
        ["555-123-4567", "555-222-3333"],
        ["(555) 123-4567", "(555) 222-3333"],
        ["+15551234567", "+4917012345678"],
        ["555 123 456", "666 777 888"],
        ["1.2.3", "1.2.4", "1.3.0"],
        [*TENTHS, "1.2.3"],
        [*TENTHS, "10-20"],
        ["12345678901234567890", "5"],
        ["1,2,3", "4,5,6"],
        ["192.168.1.1", "10.0.0.1"],
        ["A", "B", "12"],
        ["12h", "5h"],
    ],
)
def test_codes_are_words(values):
    series, _ = type_of(values)
    assert series.dtype == pl.String
    assert series.to_list() == values


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["00501", "12345"], "words: digits such as 00501 are a code"),
        (
            ["555 123 456", "666 777 888"],
            "words: spaced digits, all of the same length, are a code",
        ),
        (["1.5", "2,5"], "words: numbers with decimal points and with decimal commas"),
        (["1", "2", "x"], "words: numbers, but 'x' in 1 row"),
        (["red", "blue", "3"], ""),
    ],
)
def test_words_that_look_like_numbers_are_told(values, note):
    assert type_of(values)[1] == note


@pytest.mark.parametrize(
    ("strays", "note"),
    [
        (["unknown"], "'unknown' in 1 row, which counts as missing"),
        (["n.d.", "n.d.", "<5"], "'<5', 'n.d.' in 3 rows, which counts as missing"),
        (["3O"], "'3O' in 1 row, which counts as missing"),
        (["inf", "-Infinity"], "infinite in 2 rows, which counts as missing"),
    ],
)
def test_a_few_stray_words_count_as_missing_and_are_told(strays, note):
    series, said = type_of([*TENTHS, *strays])
    assert series.null_count() == len(strays)
    assert said == note


@pytest.mark.parametrize(
    "strays", [["a", "b", "c", "d"], ["unknown"] * 10], ids=["too many different", "too many rows"]
)
def test_many_stray_words_make_words_of_a_column(strays):
    assert type_of([*TENTHS, *strays])[0].dtype == pl.String


def test_a_word_that_repeats_among_few_numbers_is_a_category():
    classes = ["1", "2", "3"] * 40
    assert type_of([*classes, "crew", "crew"])[0].dtype == pl.String
    assert type_of([*classes, "crew"])[0].dtype == pl.Int64  # a slip


@pytest.mark.parametrize(
    ("values", "decimal", "expected"),
    [
        (["1,234", "2,500"], None, [1234, 2500]),
        (["1,234", "2,500"], ",", [1.234, 2.5]),
        (["1,234", "0,5"], None, [1.234, 0.5]),
        (["1.234", "2.500"], None, [1.234, 2.5]),
        (["1.234", "2.500"], ",", [1234.0, 2500.0]),
        (["1.234", "0,5"], None, [1234.0, 0.5]),
        (["1.234.567", "8"], None, [1234567, 8]),
    ],
)
def test_the_decimal_mark_is_seen_from_the_column_or_said(values, decimal, expected):
    assert type_of(values, decimal=decimal)[0].to_list() == expected


def test_a_column_that_shows_no_decimal_mark_follows_the_others():
    frame = pl.DataFrame({"a": ["1,234", "2,500"], "b": ["0,5", "1,5"], "c": ["1.5", "2.25"]})
    comma = typed(frame[["a", "b"]]).frame
    assert comma.to_dict(as_series=False) == {"a": [1.234, 2.5], "b": [0.5, 1.5]}
    assert typed(frame[["a", "c"]]).frame["a"].to_list() == [1234, 2500]
    assert typed(frame).frame["a"].to_list() == [1234, 2500]  # as many of one as of the other


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["12%", "5 %"], "percent signs taken off"),
        (["$1,200", "€3"], "currencies, thousands separators taken off"),
        (["(5)", "6"], "parentheses of negative numbers taken off"),
        (["1,5", "2"], "decimal commas"),
        (["1", "?", "2"], ""),
    ],
)
def test_what_came_off_is_told(values, note):
    assert type_of(values)[1] == note


def test_leading_zeros_are_numbers_where_they_are_asked_to_be():
    assert type_of(["00501", "5"], numeric=["a"])[0].to_list() == [501, 5]
    with pytest.raises(ValueError, match="column 'a' was asked to be numbers, and has none in 2"):
        type_of(["x", "y"], numeric=["a"])


def test_compact_types_hold_all_numbers():
    types = {
        (0, 100, True): pl.Int8(),
        (-40_000, 100, True): pl.Int32(),
        (0, 2**60, True): pl.Int64(),
        (0.5, 1.5, False): pl.Float32(),
        (1e9, 1e9 + 1, False): pl.Float64(),  # float32 would round it to 1e9
        (0, 1e300, False): pl.Float64(),
    }
    for (low, high, integers), dtype in types.items():
        reading = Reading(".", low=low, high=high, integers=integers)
        assert reading.dtype(compact=True) == dtype
        assert reading.dtype(compact=False) == (pl.Int64() if integers else pl.Float64())


def test_evidence_adds_up_over_batches():
    evidence = NumberEvidence()
    for values in (["1", "2"], ["x"], ["1,5", "NA"]):
        evidence.see(Batch.of(pl.Series(values), ()))
    assert evidence.values == 4
    assert evidence.decimal() == ","
    assert evidence.readings[","].strays.counts == {"x": 1}
    assert not evidence.are_numbers(",")
