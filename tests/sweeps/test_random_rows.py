"""Splits at random: a class of one row, and parts that have every class in its proportion."""

import numpy as np
import pytest

from bpfast.sweeps.random_rows import RandomRows

CLASSES = np.repeat([0, 1, 2], [60, 39, 1])
ROWS = np.arange(100)


def test_repeats_take_a_class_of_one_row():
    way = RandomRows(CLASSES, 3, seed=0)
    held = way.repeats(ROWS, 5, 0.3)
    for rows in held:
        np.testing.assert_allclose(np.bincount(CLASSES[rows])[:2], [18, 12], atol=1)


@pytest.mark.parametrize("classes", [0, 3])
def test_folds_are_dealt_out(classes):
    held = RandomRows(CLASSES, classes, seed=0).folds(ROWS[10:], 4)
    assert sorted(map(len, held)) == [22, 22, 23, 23]
    np.testing.assert_array_equal(np.sort(np.concatenate(held)), ROWS[10:])
