"""The target: classes or numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.tables.target import check_target, total_sum_of_squares


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([0, 1] * 6, ["0", "1"]),
        ([0.0, 1.0] * 6, ["0.0", "1.0"]),
        ([True, False] * 6, ["False", "True"]),
        (["b", "a"] * 6, ["a", "b"]),
        ([0.5, 1.0] * 6, []),
        (list(range(12)), []),
    ],
)
def test_what_a_target_is(y, classes):
    assert check_target(np.array(y))[1] == classes


def test_regression_of_words_is_refused():
    with pytest.raises(ValueError, match="needs a target of numbers, got 'a'"):
        check_target(np.array(["a", "b"] * 3), "regression")


@pytest.mark.parametrize(
    ("y", "task", "words"),
    [
        ([0.1] * 9, "auto", r"the target is 0\.1 in every row: a regression needs one that varies"),
        ([7] * 9, "regression", "the target is 7 in every row"),
        ([2**60, 2**60 + 1] * 5, "regression", "in every row"),  # as float64 has them
        ([0.5, 1e200] * 5, "auto", r"goes from 0\.5 to 1e\+200: float64 does not hold"),
        ([0.0, 1e-200] * 5, "regression", "from 0 to 1e-200: float64 does not hold"),
        ([-1.7e308, 1.7e308] * 5, "regression", "float64 does not hold"),
        ([7] * 9, "auto", "the target has one class only: 7"),
        ([], "auto", "the target has no rows"),
    ],
)
def test_a_target_that_does_not_vary_is_refused(y, task, words):
    with pytest.raises(ValueError, match=words):
        check_target(np.array(y), task)


@settings(max_examples=50, deadline=None)
@given(value=st.floats(-1e300, 1e300), rows=st.integers(1, 50), step=st.floats(1e-9, 1e9))
def test_sum_of_squares_is_zero_for_constants_alone(value, rows, step):
    """Whatever the mean's rounding; otherwise it is what scikit-learn's R² divides by."""
    assert total_sum_of_squares(np.full(rows, value)) == 0.0
    y = step * np.arange(rows + 1.0)
    expected = (rows + 1) * np.var(y)
    assert total_sum_of_squares(y) == pytest.approx(expected, rel=1e-9)
