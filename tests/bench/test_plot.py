"""The picture of a report."""

import pytest
from small_jobs import PNG

from bpfast.bench import plot


@pytest.mark.parametrize(("suffix", "begin"), [(".png", PNG), (".svg", b"<?xml")])
def test_a_picture_is_drawn(suffix, begin, report, tmp_path):
    path = tmp_path / f"picture{suffix}"
    plot.draw(report, path)
    assert path.read_bytes().startswith(begin)


def test_a_picture_needs_no_peers(bench, tmp_path):
    code, _, err = bench("--workload", "W3", "--turns", 1, "--plot", tmp_path / "new" / "plot.png")
    assert code == 0, err
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(PNG)


def test_names_of_points_do_not_overlap():
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    plot.label_points(axes, [(5.0, 5.0, "W3"), (5.01, 5.0, "W3x130"), (5.1, 5.1, "mixed")])
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
