"""How training rows are weighted: by scikit-learn's formula, of these rows alone."""

import numpy as np
import pytest
from datasets import CLASSES, NUMBERS, target_of

from bpfast.sweeps.weights import Weighting

ROWS = np.arange(0, 90, 2)


def weights_of(class_weight=None, sample_weight=None, y=CLASSES):
    return Weighting.checked(class_weight, sample_weight, target_of(y)).of(y, ROWS)


def test_balanced_classes_count_alike():
    pytest.importorskip("sklearn")
    weights, y = weights_of("balanced"), CLASSES[ROWS]
    totals = [weights[y == k].sum() for k in range(3)]
    np.testing.assert_allclose(totals, len(ROWS) / 3)


@pytest.mark.parametrize("two", [2, 2.0, "2", np.int64(2)])
def test_classes_may_be_weighted_by_name(two):
    pytest.importorskip("sklearn")
    np.testing.assert_array_equal(weights_of({two: 5}), np.where(CLASSES[ROWS] == 2, 5.0, 1.0))


def test_rows_may_be_weighted():
    assert weights_of() is None
    np.testing.assert_array_equal(weights_of(sample_weight=NUMBERS**2), NUMBERS[ROWS] ** 2)
    both = weights_of({0: 0.0}, NUMBERS**2)
    np.testing.assert_array_equal(both, np.where(CLASSES[ROWS] == 0, 0.0, NUMBERS[ROWS] ** 2))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"class_weight": "equal"}, TypeError, "must be 'balanced', or a dict .* got 'equal'"),
        ({"class_weight": {3: 1}}, ValueError, "has 3, which is no class; they are 0, 1, 2"),
        ({"class_weight": {0: -1}}, ValueError, r"class_weight\[0\] must be at least 0 .* got -1"),
        ({"class_weight": {0: None}}, TypeError, r"class_weight\[0\] must be a number, got None"),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, ValueError, "class_weight is 0 for every class"),
        ({"class_weight": "balanced", "y": NUMBERS}, ValueError, "this one is of numbers"),
        ({"sample_weight": [1.0]}, ValueError, r"shape \(1,\), expected \(90,\)"),
        ({"sample_weight": CLASSES - 1}, ValueError, "must not be negative, got -1"),
        ({"sample_weight": np.zeros(90)}, ValueError, "0 in every row"),
        ({"sample_weight": np.full(90, np.nan)}, ValueError, "sample_weight has NaN"),
    ],
)
def test_bad_weights_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        weights_of(**options)


def test_settings_know_the_weights():
    names = target_of(CLASSES)
    balanced = Weighting.checked("balanced", None, names).describe()
    assert balanced == {"class_weight": "balanced", "sample_weight": None}
    given = Weighting.checked({2: 5, "0": 1}, np.ones(90), names).describe()
    assert given["class_weight"] == {"0": 1.0, "2": 5.0}
    assert given != Weighting.checked({2: 5, "0": 1}, 2 * np.ones(90), names).describe()
