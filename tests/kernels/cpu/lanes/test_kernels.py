"""Which lanes are trained again."""

import numpy as np
from numba import njit

from bpfast.kernels.cpu.lanes.kernels import resume_suspects
from bpfast.kernels.cpu.lanes.layout import IDLE, STATUS, SUSPECT
from bpfast.kernels.task import RUNNING


@njit
def resume(work):
    return resume_suspects(work)


def test_suspects_run_again_and_no_other_lane_does(arguments_of, lanes_of):
    _, work = lanes_of(arguments_of((3, 2), n=16))
    work.lane_ints[STATUS] = IDLE
    work.lane_ints[STATUS, [2, 9]] = SUSPECT
    assert resume(work)
    np.testing.assert_array_equal(np.flatnonzero(work.lane_ints[STATUS] == RUNNING), [2, 9])
    assert not resume(work)
    assert (work.lane_ints[STATUS] == IDLE).all()
