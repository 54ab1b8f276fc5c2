"""What figures share."""

import numpy as np
import pytest

from bpfast.reporting.drawing import is_log, ordered_choices, thinned, tick_label


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
