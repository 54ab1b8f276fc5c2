"""Networks enter lanes and leave them."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import MEMORY
from bpfast.kernels.cpu.lanes.group import (
    assign,
    end_waiting,
    find_nonfinite,
    load,
    store_lane,
    wait,
)
from bpfast.kernels.cpu.lanes.layout import (
    FLOAT_ROWS,
    IDLE,
    LAYOUT,
    NETWORK,
    NONFINITE,
    STATUS,
    TOTAL,
    WAITING,
    WORKSPACE,
)
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import RUNNING

pytestmark = pytest.mark.xdist_group("functions of lanes")  # compiled once


@compiled(MEMORY, "int64[:]", LAYOUT, WORKSPACE, "int64", "int64")
def load_group(memory, networks, layout, work, first, last):
    assign(work, networks, first, last)
    load(memory, layout, work)
    find_nonfinite(layout, work)


@compiled(LAYOUT, WORKSPACE, "int64", "real[:]")
def read_lane(layout, work, lane, row):
    store_lane(work, layout.weights[0], lane, row)


def test_lanes_hold_networks_and_those_left_over_the_last(arguments_of, lanes_of):
    args = arguments_of((3, 2), n=9)
    args.memory.parameters[5, 1], args.memory.parameters[7, 3] = np.nan, np.inf
    layout, work = lanes_of(args)
    load_group(args.memory, args.networks, layout, work, 4, 9)
    expected = [4, 5, 6, 7, 8] + [8] * (LANES - 5)
    np.testing.assert_array_equal(work.lane_ints[NETWORK], expected)
    np.testing.assert_array_equal(work.lane_ints[STATUS], [RUNNING] * 5 + [IDLE] * (LANES - 5))
    nonfinite = np.isnan(work.lane_floats[NONFINITE])
    np.testing.assert_array_equal(nonfinite, np.isin(expected, [5, 7]))
    for lane, i in enumerate(expected):
        row = np.zeros(args.memory.parameters.shape[1])
        read_lane(layout, work, lane, row)
        np.testing.assert_array_equal(row, args.memory.parameters[i])


@compiled(LAYOUT, WORKSPACE, "int64")
def wait_for_others(layout, work, lane):
    wait(layout, work, lane)


@compiled(LAYOUT, WORKSPACE)
def go_on(layout, work):
    end_waiting(layout, work)


def test_lanes_that_wait_go_on_as_they_were(arguments_of, lanes_of):
    layout, work = lanes_of(arguments_of((3, 2), n=15))
    rng = np.random.default_rng(0)
    numbers = work.numbers[layout.weights[0] : layout.gradient].reshape(-1, LANES)
    numbers[:], work.lane_floats[:FLOAT_ROWS] = rng.normal(size=numbers.shape), 1.5
    work.numbers[layout.sums + 3] = 0.25
    before = numbers.copy()
    for lane in (3, 7, LANES - 1):  # the last has no network
        wait_for_others(layout, work, lane)
    assert np.flatnonzero(work.lane_ints[STATUS] == WAITING).tolist() == [3, 7]
    numbers[:], work.lane_floats[:FLOAT_ROWS] = np.nan, np.nan
    go_on(layout, work)
    assert (work.lane_ints[STATUS, :15] == RUNNING).all()
    came_back = np.isin(np.arange(LANES), [3, 7])
    np.testing.assert_array_equal(numbers[:, came_back], before[:, came_back])
    assert np.isnan(numbers[:, ~came_back]).all()
    assert work.lane_floats[TOTAL, [3, 7]].tolist() == [1.75, 1.5]
    assert np.isnan(work.lane_floats[:FLOAT_ROWS, ~came_back]).all()
