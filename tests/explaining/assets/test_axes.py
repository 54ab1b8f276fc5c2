"""axes.js: round numbers on axes."""

import pytest

pytestmark = pytest.mark.xdist_group("browser")


def test_ticks_are_round(in_javascript):
    ranges = [(0, 20, 4), (0, 0.33, 4), (-1, 1, 2)]
    results = in_javascript("axes", "(range) => ticks(...range)", ranges)
    expected = [[0, 5, 10, 15, 20], [0, 0.1, 0.2, 0.3], [-1, 0, 1]]
    for result, ticks in zip(results, expected, strict=True):
        assert result == pytest.approx(ticks)


def test_powers_of_ten_are_short(in_javascript):
    texts = in_javascript("axes", "(level) => powerOfTen(level)", [-4, -2, 0, 5, 0.5])
    assert texts == ["10⁻⁴", "0.01", "1", "10⁵", "3.162"]
