"""Numbers as people write them are read as what they are."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.values.numbers import (
    NumberKind,
    as_numbers,
    bare_numbers,
    drop_infinite,
    read_numbers,
)
from bpfast.tables.values.typed import typed

CURRENCIES = ("$", "€", "£", "¥", "EUR")
styles = st.fixed_dictionaries(
    {
        "decimal": st.sampled_from(".,"),
        "group": st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "\u2019", "other mark"]),
        "sign": st.sampled_from(["-", "\u2212", "()"]),
        "before": st.sampled_from(["", *CURRENCIES]),
        "behind": st.sampled_from(["", "%", " %", *CURRENCIES]),
        "around": st.sampled_from(["", " ", '"']),
    }
)


def write(cents, style):
    """A number of hundredths, in a style."""
    group = (
        {".": ",", ",": "."}[style["decimal"]] if style["group"] == "other mark" else style["group"]
    )
    digits = f"{abs(cents) // 100:,}".replace(",", group)
    digits = f"{digits}{style['decimal']}{abs(cents) % 100:02}"
    written = f"{style['before']}{digits}{'' if style['before'] else style['behind']}"
    if cents < 0:
        written = f"({written})" if style["sign"] == "()" else style["sign"] + written
    return style["around"] + written + style["around"]


@drawn(60)
@given(
    hundredths=st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20),
    style=styles,
    missing=st.sampled_from(["", "NA", "?", "-", "null"]),
)
def test_numbers_in_any_style_are_read_the_same(hundredths, style, missing):
    """Hundredths, so that the decimal mark is always there to see."""
    text = pl.Series("a", [*(write(cents, style) for cents in hundredths), missing])
    expected = [*(cents / 100 for cents in hundredths), None]
    series = typed(text.to_frame()).frame["a"]
    assert series.dtype == pl.Float64
    assert series.to_list() == expected
    numbers, wrong = as_numbers(text, style["decimal"])
    assert wrong is None
    np.testing.assert_array_equal(numbers, np.array(expected, float))


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("-$5", ".", "-5"),
        ("$-5", ".", "-5"),
        ("(5)", ".", "-5"),
        ("1e-3", ".", "1e-3"),
        ("5.", ".", "5."),
        ("12%", ".", "12"),
        ("12,34,567", ".", "1234567"),
    ],
)
def test_what_is_around_digits_comes_off(text, decimal, expected):
    assert bare_numbers(pl.Series([text]), decimal).to_list() == [expected]


@pytest.mark.parametrize(
    "text", ["1,23,4", "12,34", "0,123", "1.2.3", "1,234 567", "5-", "--5", "1 2", "e5", "12h", ","]
)
def test_what_is_no_number_with_a_decimal_point_is_none(text):
    assert bare_numbers(pl.Series([text]), ".").to_list() == [None]


def test_numbers_of_any_type_are_floats():
    for values in ([1, None], [1.0, float("nan")], [True, None], ["1", "?"], [1.0, float("inf")]):
        numbers, wrong = as_numbers(pl.Series(values))
        np.testing.assert_array_equal(numbers, [1.0, np.nan])
        assert wrong is None
    enum = pl.Series(["1,5", None], dtype=pl.Enum(["1,5"]))
    np.testing.assert_array_equal(as_numbers(enum)[0], [1.5, np.nan])
    seconds = pl.Series([1_500_000], dtype=pl.Duration("us"))
    assert as_numbers(seconds)[0].tolist() == [1.5]
    assert as_numbers(pl.Series([-999, 5]), missing=["-999"])[0].tolist()[1:] == [5.0]


def test_the_first_row_that_is_no_number_is_told():
    assert as_numbers(pl.Series(["1", "NA", "x", "y"]))[1] == 2
    assert as_numbers(pl.Series(["1", "x"]), missing=["X"])[1] is None


def test_infinite_numbers_and_marks_of_missing_values_become_null():
    assert drop_infinite(pl.Series([1.0, np.inf, np.nan, -9.0]), ["-9"]).to_list()[1:] == [None] * 3
    assert drop_infinite(pl.Series([1, -9]), ["-9.0"]).to_list() == [1, None]


def test_plain_numbers_are_read_as_polars_reads_them():
    text = pl.Series(["1.5e3", "-0", " 7 ", "x", None, "NA"])
    assert read_numbers(text, ".").to_list() == [1500.0, 0.0, 7.0, None, None, None]


def test_large_integers_are_exact():
    kind = NumberKind(pl.Int64(), ".", (), "")
    text = pl.Series(["9007199254740993", "1,234", "?"])
    assert kind.convert(text).to_list() == [9007199254740993, 1234, None]
