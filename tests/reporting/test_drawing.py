"""What figures share."""

import numpy as np
import pytest
from runs import make_run

from bpfast.reporting.drawing import (
    is_log,
    new_axes,
    ordered_choices,
    set_log,
    set_score_axis,
    thinned,
    tick_label,
)
from bpfast.reporting.reading import read_run


def test_choices_are_ordered_by_their_widths():
    choices = np.array(["none", "128", "16x8", "16", "8", "16x16"])
    assert ordered_choices(choices) == ["none", "8", "16", "128", "16x8", "16x16"]


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (6, 5), (1000, 7)])
def test_the_first_is_always_drawn(count, most):
    rows = thinned(count, most)
    assert rows[0] == 0
    assert rows[-1] < count
    assert len(rows) == len(set(rows)) == min(count, most)


def test_wide_ranges_of_what_is_positive_are_logarithmic():
    assert is_log(np.array([0.01, 0.3, np.nan]))
    assert not is_log(np.array([0.01, 0.29]))
    assert not is_log(np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("value", "label"),
    [(-0.5, "\N{MINUS SIGN}0.5"), (12000, "12,000"), (1e-7, "1e\N{MINUS SIGN}07")],
)
def test_numbers_at_ticks(value, label):
    assert tick_label(value) == label


def test_narrow_logarithmic_axes_have_ticks_between_powers_of_ten():
    for values, least in (([0.2, 4.0], 3), ([1e-5, 1.0], 3)):
        _, axes = new_axes(400, 300)
        axes.plot([1, 2], values)
        set_log(axes, "y", np.array([*values, np.nan]))
        low, high = axes.get_ylim()
        ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
        assert len(ticks) >= least


@pytest.mark.parametrize(
    ("metric", "scores", "scale", "label"),
    [
        ("accuracy", [0.01, 0.9], "linear", "validation accuracy"),
        ("neg_log_loss", [0.1, 0.9], "log", "validation log loss, less is better"),
        ("neg_log_loss", [0.4, 0.9], "linear", "validation log loss, less is better"),
        ("neg_log_loss", [0.0, 0.9], "linear", "validation log loss, less is better"),
    ],
)
def test_axes_of_losses_far_apart_are_logarithmic(metric, scores, scale, label, tmp_path):
    _, axes = new_axes(400, 300)
    set_score_axis(axes, read_run(make_run(tmp_path, 3, metric=metric)), np.array(scores))
    assert (axes.get_yscale(), axes.get_ylabel()) == (scale, label)
