"""words.js: numbers as the page writes them."""

import pytest
from explained_page import MINUS

pytestmark = pytest.mark.xdist_group("browser")


def test_numbers_are_rounded_for_reading(in_javascript):
    values = [-0.22652000000000003, -0.0, 1e-9, 12345678.9, 0.1 + 0.2, None]
    texts = in_javascript("words", "(value) => number(value ?? Infinity)", values)
    tiny = "1\N{MULTIPLICATION SIGN}10⁻⁹"
    assert texts == [f"{MINUS}0.22652", "0", tiny, "12345680", "0.3", "∞"]


def test_numbers_after_an_operator_have_brackets(in_javascript):
    assert in_javascript("words", "(value) => signed(value)", [-2, 2]) == [f"({MINUS}2)", "2"]


def test_words_for_counts_and_lists(in_javascript):
    assert in_javascript("words", '(n) => plural(n, "step")', [1, 2]) == ["1 step", "2 steps"]
    lists = [["a"], ["a", "b"], ["a", "b", "c"]]
    assert in_javascript("words", "(words) => listed(words)", lists) == [
        "a",
        "a and b",
        "a, b and c",
    ]
