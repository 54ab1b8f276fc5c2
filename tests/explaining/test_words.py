"""bpfast.explaining.words: numbers, names and headings."""

import pytest

pytest.importorskip("rich")

from explanations import drawn, printed

from bpfast.explaining.words import (
    arriving,
    connection,
    count,
    count_paths,
    in_column,
    number,
    signed,
    tell,
    times,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.22652000000000003, "-0.22652"),
        (-0.0, "0"),
        (1e-9, "1e-09"),
        (12345678.9, "1.234568e+07"),
    ],
)
def test_numbers_are_rounded_for_reading(value, text):
    assert number(value) == text


def test_numbers_stand_in_formulas_and_columns():
    assert times("1", "b1") == "b1"
    assert times("i1", signed(-2.0)) == "i1·(-2)"
    assert [in_column(value) for value in (0.0, 0.5, 1e-4, 1e6)] == [
        "0.00000",
        "0.50000",
        "1.0000e-04",
        "1.0000e+06",
    ]


def test_words_for_counts_and_connections():
    assert (count(1, "step"), count(2, "step")) == ("1 step", "2 steps")
    e = drawn((2, 3, 2))
    assert [connection(e[name]) for name in ("w3", "b4")] == ["i1 → h2", f"bias → {e['b4'].target}"]
    assert [part.name for part in arriving(e, 0, "h2")] == ["w3", "w4", "b2"]
    assert count_paths(e.layers) == 2


def test_a_story_has_a_title_and_numbered_sections():
    lines = printed(tell("Title", "opening", [("One", "a"), ("Two", "b")]), 40).splitlines()
    told = [line.strip(" ─") for line in lines if line.strip()]
    assert told == ["Title", "opening", "1. One", "a", "2. Two", "b"]
