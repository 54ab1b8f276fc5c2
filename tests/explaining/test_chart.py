"""Curves of braille dots: where they run, their axes, ticks and marks."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("rich")

from bpfast.explaining.chart import BRAILLE, Mark, Scale, chart


def dots(text, width, height):
    """Which dots are set, (rows, columns)."""
    picture = np.zeros((height * 4, width * 2), bool)
    bits = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
    for row, line in enumerate(text.plain.splitlines()[:height]):
        for column, character in enumerate(line[9:]):
            pattern = 0 if character == " " else ord(character) - BRAILLE
            for r, pair in enumerate(bits):
                for c, bit in enumerate(pair):
                    picture[4 * row + r, 2 * column + c] = bool(pattern & bit)
    return picture


def test_a_straight_line_is_the_diagonal():
    text = chart([0, 1], [0, 1], (Scale(0, 1), Scale(0, 1)), (8, 4))
    assert (dots(text, 8, 4) == np.eye(16, dtype=bool)[::-1]).all()


def test_a_curve_is_connected_and_has_a_dot_in_every_column():
    x = np.linspace(0, 6, 50)
    picture = dots(chart(x, np.sin(x), (Scale(0, 6), Scale(-1, 1)), (20, 6)), 20, 6)
    rows = [np.flatnonzero(column) for column in picture.T]
    for before, after in pairwise(rows):
        assert before.min() <= after.max() + 1
        assert after.min() <= before.max() + 1


def test_many_points_in_a_column_are_the_band_that_they_fill():
    x = np.linspace(0, 1, 2000)
    picture = dots(chart(x, np.arange(2000) % 2, (Scale(0, 1), Scale(0, 1)), (5, 3)), 5, 3)
    assert picture.all()


def test_what_is_beyond_lies_on_the_edge():
    y = [np.inf, 5.0, 0.5, -5.0, np.nan]
    picture = dots(chart(range(5), y, (Scale(0, 4), Scale(0, 1)), (5, 2)), 5, 2)
    assert picture[0, 0]
    assert picture[0, -1]
    assert picture[-1, 7]


def test_logarithms_are_straight():
    x = [1e-3, 10**-1.5, 1e3]
    scales = Scale(1e-3, 1e3, log=True), Scale(1e-3, 1e3, log=True)
    assert (dots(chart(x, x, scales, (8, 4)), 8, 4) == np.eye(16, dtype=bool)[::-1]).all()


@pytest.mark.parametrize(
    ("scale", "most", "ticks"),
    [
        (Scale(0, 20), 4, [0, 5, 10, 15, 20]),
        (Scale(0, 0.33), 4, [0, 0.1, 0.2, 0.3]),
        (Scale(-1, 1), 2, [-1, 0, 1]),
        (Scale(2e-3, 50, log=True), 6, [0.01, 0.1, 1, 10]),
        (Scale(1e-12, 1e3, log=True), 5, [1e-12, 1e-8, 1e-4, 1]),
        (Scale(3, 3), 2, [3]),
    ],
    ids=str,
)
def test_ticks_are_round(scale, most, ticks):
    assert scale.ticks(most) == pytest.approx(ticks)


def test_ticks_stand_at_their_places():
    lines = chart([0, 20], [0, 1], (Scale(0, 20), Scale(0, 1)), (41, 6)).plain.splitlines()
    assert lines[0].startswith("      1 ┤")
    assert lines[5].startswith("      0 ┤")
    axis, labels = lines[6], lines[7]
    for label, at in (("0", 9), ("10", 29), ("20", 49)):
        assert axis[at] == "┬"
        assert label in labels[at - 1 : at + 2]


def test_marks_point_up_to_their_places_and_stay_within():
    marks = [Mark(2, "left"), Mark(18, "words without room on the right")]
    lines = chart([0, 20], [0, 1], (Scale(0, 20), Scale(0, 1)), (41, 3), marks=marks).plain
    left, right = lines.splitlines()[-2:]
    assert left == " " * (9 + 4) + "▲ left"
    assert right.endswith("words without room on the right ▲")
    assert right.index("▲") == 9 + 36


def test_a_style_colours_by_x():
    text = chart(
        [0, 1], [0, 0], (Scale(0, 1), Scale(0, 1)), (4, 1), lambda x: "red" if x < 0.5 else "blue"
    )
    spans = [(str(span.style), span.start, span.end) for span in text.spans]
    assert spans == [("red", 9, 11), ("blue", 11, 13)]
