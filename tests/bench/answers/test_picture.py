"""The picture of losses against time."""

import pytest
from small_jobs import PNG

from bpfast.bench.answers.picture import draw


def test_a_picture_is_drawn(made, tmp_path):
    path = tmp_path / "answers.png"
    draw(made("x", bpfast=[0.2, 0.4], trees=[0.5, 0.5]), path)
    assert path.read_bytes().startswith(PNG)


def test_a_picture_is_drawn_where_all_are_equal(made, tmp_path):
    path = tmp_path / "answers.svg"
    draw(made("x", bpfast=[0.2], trees=[0.2]), path)
    assert path.read_bytes().startswith(b"<?xml")


def test_nothing_in_common_is_told(made, tmp_path):
    results = [*made("x", bpfast=[0.2]), *made("y", trees=[0.5])]
    with pytest.raises(ValueError, match=r"\['bpfast', 'trees'\]: choose some by --show"):
        draw(results, tmp_path / "answers.png")
