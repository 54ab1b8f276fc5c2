"""bpfast.explaining.steps: the steps that follow an explained one."""

import math

import pytest
from explanations import tutorial

from bpfast.explaining.steps import CLOSE, later, repeat, until_close


def test_repeating_leads_to_an_error_close_to_zero():
    steps = repeat(tutorial(), range(100), close=1e-6)
    assert [step.step for step in steps] == list(range(21))
    assert steps[1].prediction == pytest.approx((0.2557457808075,))
    assert steps[20].prediction[0] == pytest.approx(0.99907, abs=5e-6)
    assert steps[20].error <= 1e-6 < steps[19].error


def test_repeating_ends_where_the_error_comes_close_between_two_rows():
    steps = repeat(tutorial(), (0, 1000), close=1e-6)
    assert steps[0].step == 0
    assert 20 <= steps[-1].step <= 21
    assert steps[-1].error <= 1e-6


def test_repeating_ends_where_the_network_diverges():
    steps = repeat(tutorial(learning_rate=5.0), (0, 1, 1000), close=1e-6)
    assert steps[-1].step < 1000
    assert steps[-1].error > 1e10


def test_repeating_ends_with_the_first_error_that_is_none():
    steps = repeat(tutorial(learning_rate=0.8), range(100))
    assert [step.step for step in steps] == list(range(8))
    assert [math.isfinite(step.error) for step in steps] == [True] * 7 + [False]


def test_a_later_step_begins_where_the_steps_before_it_ended():
    explanation = tutorial()
    after = later(explanation, 3)
    assert after.step == 4
    assert (after.prediction, after.error) == (repeat(explanation, [3])[0].prediction, after.error)
    assert later(later(explanation, 1), 2) == after
    assert [step.step for step in repeat(after, [0, 2])] == [3, 5]


def test_a_table_has_every_early_step_and_round_numbers_after_them():
    slow = tutorial(learning_rate=1e-3)
    assert [step.step for step in until_close(slow, 120)] == [*range(21), 50, 100, 120]
    assert [step.step for step in until_close(slow, 3)] == [0, 1, 2, 3]
    assert until_close(tutorial())[-1].error <= CLOSE


def test_a_step_after_the_network_diverges_is_refused():
    with pytest.raises(ValueError, match="step 1001 cannot be explained: the network diverges in"):
        later(tutorial(learning_rate=0.8), 1000)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        later(tutorial(), -1)
