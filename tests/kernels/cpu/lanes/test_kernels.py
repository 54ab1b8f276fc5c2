"""Which lanes are trained again."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.lanes.kernels import resume_suspects
from bpfast.kernels.cpu.lanes.layout import IDLE, STATUS, SUSPECT, WORKSPACE
from bpfast.kernels.task import RUNNING

pytestmark = pytest.mark.xdist_group("functions of lanes")  # compiled once


@compiled(WORKSPACE, "bool[:]")
def resume(work, resumed):
    resumed[0] = resume_suspects(work)


def test_suspects_run_again_and_no_other_lane_does(arguments_of, lanes_of):
    _, work = lanes_of(arguments_of((3, 2), n=16))
    work.lane_ints[STATUS] = IDLE
    work.lane_ints[STATUS, [2, 9]] = SUSPECT
    resumed = np.zeros(2, bool)
    resume(work, resumed[:1])
    np.testing.assert_array_equal(np.flatnonzero(work.lane_ints[STATUS] == RUNNING), [2, 9])
    resume(work, resumed[1:])
    assert resumed.tolist() == [True, False]
    assert (work.lane_ints[STATUS] == IDLE).all()
