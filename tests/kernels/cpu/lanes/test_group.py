"""Networks enter lanes and leave them."""

import numpy as np
from numba import njit

from bpfast.kernels.cpu.lanes.group import assign, find_nonfinite, load, store_lane
from bpfast.kernels.cpu.lanes.layout import IDLE, NETWORK, NONFINITE, STATUS
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import RUNNING


@njit
def load_group(memory, networks, layout, work, first, last):
    assign(work, networks, first, last)
    load(memory, layout, work)
    find_nonfinite(layout, work)


@njit
def read_lane(layout, work, lane, row):
    store_lane(work, layout.weights[0], lane, row)


def test_lanes_hold_networks_and_those_left_over_the_first(arguments_of, lanes_of):
    args = arguments_of((3, 2), n=9)
    args.memory.parameters[5, 1], args.memory.parameters[7, 3] = np.nan, np.inf
    layout, work = lanes_of(args)
    load_group(args.memory, args.networks, layout, work, 4, 9)
    expected = [4, 5, 6, 7, 8] + [4] * (LANES - 5)
    np.testing.assert_array_equal(work.lane_ints[NETWORK], expected)
    np.testing.assert_array_equal(work.lane_ints[STATUS], [RUNNING] * 5 + [IDLE] * (LANES - 5))
    nonfinite = np.isnan(work.lane_floats[NONFINITE])
    np.testing.assert_array_equal(nonfinite, np.isin(expected, [5, 7]))
    for lane, i in enumerate(expected):
        row = np.zeros(args.memory.parameters.shape[1])
        read_lane(layout, work, lane, row)
        np.testing.assert_array_equal(row, args.memory.parameters[i])
