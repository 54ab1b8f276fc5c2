"""Which groups may stop early, and which lanes stop."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import STOPPING
from bpfast.kernels.cpu.lanes import epochs
from bpfast.kernels.cpu.lanes.layout import IDLE, STATUS, STOPS, SUSPECT, TOTAL, WORKSPACE
from bpfast.kernels.task import NEVER, RUNNING

pytestmark = pytest.mark.xdist_group("functions of lanes")  # compiled once


@compiled(STOPPING, WORKSPACE, "bool[:]")
def may_stop(stopping, work, result):
    result[0] = epochs.may_stop(stopping, work)


@compiled(STOPPING, WORKSPACE, "bool[:]")
def judge_lanes(stopping, work, result):
    result[0] = epochs.judge_lanes(stopping, work, 0, True)


def answer(function, *given):
    """What a function says."""
    result = np.zeros(1, bool)
    function(*given, result)
    return result[0]


@pytest.fixture
def group(arguments_of, lanes_of):
    """Sixteen networks in their lanes, and settings under which none of them stops."""
    args = arguments_of((3, 2), n=16)
    never = args.stopping._replace(tol=np.full(16, -np.inf), patience=np.full(16, NEVER))
    return never, lanes_of(args)[1]


def test_a_group_may_stop_where_one_of_its_networks_may(group):
    never, work = group
    tol, patience = never.tol.copy(), never.patience.copy()
    tol[9], patience[9] = 0.0, 5
    assert not answer(may_stop, never, work)
    assert answer(may_stop, never._replace(tol=tol), work)
    assert answer(may_stop, never._replace(patience=patience), work)


def test_lanes_stop_at_their_tolerance_and_are_suspect_without_a_finite_loss(group):
    never, work = group
    stopping = never._replace(tol=np.where(np.arange(16) % 2, 1.0, -np.inf))
    work.lane_floats[TOTAL] = np.where(np.arange(16) < 8, 0.5, 1.5)
    work.lane_floats[TOTAL, 3] = np.nan
    work.lane_ints[STATUS, 5] = IDLE
    assert answer(judge_lanes, stopping, work)
    np.testing.assert_array_equal(np.flatnonzero(work.lane_ints[STOPS]), [1, 7])
    expected = np.full(16, RUNNING)
    expected[3], expected[5] = SUSPECT, IDLE
    np.testing.assert_array_equal(work.lane_ints[STATUS], expected)
