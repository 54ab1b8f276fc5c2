"""What sentences share: numbers in words, and notes."""

import numpy as np
import pytest

from bpfast.reporting.captions import lasted, note_thinned, percent, plain, points, shortened, span


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0%"), (0.004, "< 1%"), (0.5, "50%"), (0.994, "99%"), (0.999, "> 99%"), (1, "100%")],
)
def test_a_rounded_share_is_neither_none_nor_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (2.5, "2.5 seconds"), (240, "4 minutes"), (3e4, "8.33 hours")],
)
def test_times_are_in_their_best_unit(seconds, words):
    assert lasted(seconds) == words


@pytest.mark.parametrize(
    ("values", "words"), [([1, 3], "from 1 to 3"), ([2, 2], "of 2"), ([1.0, 1.0001], "around 1")]
)
def test_spans(values, words):
    assert span(np.array(values)) == words


def test_a_note_is_for_what_is_left_out():
    assert note_thinned(np.arange(5), 5) == ""
    assert "At most 5 of the 6 networks" in note_thinned(np.arange(6), 5)


def test_short_names_and_points():
    assert [shortened("abcdef", most) for most in (6, 5)] == ["abcdef", "abcd…"]
    assert points(0.0325) == "3.2 percentage points"


@pytest.mark.parametrize(
    ("value", "words"),
    [(1234.6, "1,235"), (-98765.4, "-98,765"), (999.4, "999"), (0.12345, "0.123"), (2e9, "2e+09")],
)
def test_plain_numbers(value, words):
    assert plain(value) == words
