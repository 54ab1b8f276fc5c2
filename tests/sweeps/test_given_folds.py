"""Folds that a user gives: what is no pair of arrays of row numbers is refused."""

import numpy as np
import pytest

from bpfast.sweeps.given_folds import Fold, check_fold, read_pairs


def test_pairs_are_read_from_anything():
    (fold,) = read_pairs(iter([(range(3), np.array([3, 4], np.uint8))]), 5)
    assert [part.tolist() for part in fold] == [[0, 1, 2], [3, 4]]
    assert all(part.dtype == np.int64 for part in fold)


@pytest.mark.parametrize(
    ("pairs", "error", "words"),
    [
        ([], ValueError, "cv gives no folds"),
        ([range(5)], TypeError, r"for each fold, got range\(0, 5\)"),
        ([(range(5), [90])], ValueError, "there are rows 0 to 89; a hint"),
        ([(range(5), [0.5])], ValueError, "dtype float64, expected row numbers"),
    ],
)
def test_bad_pairs_are_refused(pairs, error, words):
    with pytest.raises(error, match=words):
        read_pairs(pairs, 90, "; a hint")


def test_a_fold_has_rows_in_both_parts_and_none_twice():
    rows = np.arange(5)
    check_fold(0, Fold(rows[:3], rows[3:]))
    with pytest.raises(ValueError, match="fold 2 has no rows for validation"):
        check_fold(2, Fold(rows, rows[:0]))
    with pytest.raises(ValueError, match="trained on rows that it is scored on, such as 3"):
        check_fold(0, Fold(rows, rows[3:]))
