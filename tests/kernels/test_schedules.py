"""Learning rates by epoch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels.schedules import constant_for, unfolded

EXPONENTIAL = {"schedule": "exponential", "decay": 0.5}


def rates(epochs=4, n=2, **options):
    return unfolded(bp.SGD(learning_rate=1.0, **options).resolve(n, epochs), epochs).rates


def test_an_optimizer_without_a_schedule_is_left_as_it_is():
    optimizer = bp.SGD().resolve(2, 4)
    assert unfolded(optimizer, 4) is optimizer


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (EXPONENTIAL, [1.0, 0.5, 0.25, 0.125]),
        ({"schedule": "cosine"}, [1.0, 0.5 + np.sqrt(0.125), 0.5, 0.5 - np.sqrt(0.125)]),
        ({"schedule": "cosine", "minimum": 1.0}, [1.0] * 4),
        ({"warmup": 2}, [0.5, 1.0, 1.0, 1.0]),
        ({"warmup": 2} | EXPONENTIAL, [0.5, 1.0, 1.0, 0.5]),
    ],
)
def test_rates(options, expected):
    result = rates(**options)
    assert_allclose(result, [expected] * 2)
    assert result.strides[0] == 0  # one row for all


def test_each_network_may_have_its_own():
    result = rates(schedule=["exponential", "constant"], decay=0.5)
    assert_allclose(result, [[1.0, 0.5, 0.25, 0.125], [1.0] * 4])


def test_some_networks_keep_their_rates():
    optimizer = bp.SGD(warmup=2, **EXPONENTIAL).resolve(3, 4)
    schedule = constant_for(optimizer.schedule, np.array([1]))
    assert schedule.warmup.tolist() == [2.0, 0.0, 2.0]
    assert (schedule.kind == 0).tolist() == [False, True, False]
    assert_array_equal(optimizer.schedule.warmup, 2.0)  # the given one is not changed
    assert constant_for(None, np.array([1])) is None
