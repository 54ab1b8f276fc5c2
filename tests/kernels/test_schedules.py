"""Learning rates by epoch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_fits import fit

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


def rates_in_a_fit(epochs, **options):
    """Learning rates by epoch: with a slope of -1 everywhere, the loss falls by the rate."""
    population = bp.Population(bp.MLP((1, 1), loss="mae", bias=False), dtype="float64")
    history = fit(population, [[1.0]], [[100.0]], bp.SGD(**options), epochs=epochs + 1)
    return -np.diff(history.loss[0])


def test_constant_and_exponential_schedules():
    assert_allclose(rates_in_a_fit(4, learning_rate=0.5), [0.5] * 4)
    got = rates_in_a_fit(4, learning_rate=0.5, schedule="exponential", decay=0.5)
    assert_allclose(got, [0.5, 0.25, 0.125, 0.0625])


def test_cosine_schedule():
    # nine epochs in all: half a wave from 1 to a fraction of 0.2
    got = rates_in_a_fit(8, learning_rate=1.0, schedule="cosine", minimum=0.2)
    assert_allclose(got, [0.6 + 0.4 * np.cos(np.pi * e / 9) for e in range(8)])


def test_warmup_climbs_in_equal_steps():
    assert_allclose(rates_in_a_fit(5, learning_rate=1.0, warmup=4), [0.25, 0.5, 0.75, 1.0, 1.0])
    got = rates_in_a_fit(5, learning_rate=1.0, warmup=2, schedule="exponential", decay=0.5)
    assert_allclose(got, [0.5, 1.0, 1.0, 0.5, 0.25])
