"""Which groups may stop early, and which lanes stop."""

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.cpu.lanes import epochs
from bpfast.kernels.cpu.lanes.layout import IDLE, STATUS, STOPS, SUSPECT, TOTAL
from bpfast.kernels.task import NEVER, RUNNING


@njit
def may_stop(stopping, work):
    return epochs.may_stop(stopping, work)


@njit
def judge_lanes(stopping, work, epoch, fresh):
    return epochs.judge_lanes(stopping, work, epoch, fresh)


@pytest.fixture
def group(arguments_of, lanes_of):
    """Sixteen networks in their lanes, and settings under which none of them stops."""
    args = arguments_of((3, 2), n=16)
    never = args.stopping._replace(tol=np.full(16, -np.inf), patience=np.full(16, NEVER))
    return never, lanes_of(args)[1]


def test_a_group_may_stop_where_one_of_its_networks_may(group):
    never, work = group
    assert not may_stop(never, work)
    assert may_stop(never._replace(tol=np.where(np.arange(16) == 9, 0.0, -np.inf)), work)
    assert may_stop(never._replace(patience=np.where(np.arange(16) == 9, 5, NEVER)), work)


def test_lanes_stop_at_their_tolerance_and_are_suspect_without_a_finite_loss(group):
    never, work = group
    stopping = never._replace(tol=np.where(np.arange(16) % 2, 1.0, -np.inf))
    work.lane_floats[TOTAL] = np.where(np.arange(16) < 8, 0.5, 1.5)
    work.lane_floats[TOTAL, 3] = np.nan
    work.lane_ints[STATUS, 5] = IDLE
    assert judge_lanes(stopping, work, 0, True)
    np.testing.assert_array_equal(np.flatnonzero(work.lane_ints[STOPS]), [1, 7])
    expected = np.full(16, RUNNING)
    expected[3], expected[5] = SUSPECT, IDLE
    np.testing.assert_array_equal(work.lane_ints[STATUS], expected)
