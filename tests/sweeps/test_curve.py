"""The curve of the best score against time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bpfast.sweeps import curve
from bpfast.sweeps.curve import Curve


@given(st.lists(st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 0.5, 3.0]), max_size=20))
def test_a_point_is_a_network_that_is_better_than_all_before(scores):
    own = Curve()
    for k, score in enumerate(scores):
        own.see(0.5 * k, k + 1, score)
    best = np.maximum.accumulate([-np.inf, *scores])
    expected = [k for k in range(len(scores)) if best[k + 1] > best[k]]
    assert own.points == [[0.5 * k, k + 1, scores[k]] for k in expected]


def test_there_are_not_too_many_and_the_last_is_always_there():
    own = Curve()
    for k in range(5 * curve.MOST):
        own.see(float(k), k + 1, float(k))
        assert len(own.points) <= curve.MOST
        assert own.points[0] == [0.0, 1, 0.0]
        assert own.points[-1] == [float(k), k + 1, float(k)]
    assert np.all(np.diff([seconds for seconds, _, _ in own.points]) > 0)


def test_it_goes_on():
    own = Curve([[1.0, 3, -0.5]], best=-0.4)
    for score in (-0.45, -0.4, -0.3):
        own.see(2.0, 9, score)
    assert own.points == [[1.0, 3, -0.5], [2.0, 9, -0.3]]
    own = Curve([[1.0, 3, -0.5]])
    own.see(2.0, 9, -0.6)
    assert len(own.points) == 1
