"""Threads that wait for each other."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.barrier import barrier
from bpfast.kernels.cpu.simd import fetch_add
from bpfast.kernels.cpu.threads import COUNT, COUNTERS, GENERATION, NEXT, run

ROUNDS = 200
pytestmark = pytest.mark.xdist_group("barrier")  # compiled once


@compiled("int64[:]", "int64", "int64", "int64[:]")
def come_and_go(counters, team, rounds, wrong):
    """Count those that came in each round; all must have, once one may go on."""
    for k in range(rounds):
        fetch_add(counters, NEXT, 1)
        barrier(counters, team)
        if fetch_add(counters, NEXT, 0) != team * (k + 1):
            fetch_add(wrong, 0, 1)
        barrier(counters, team)


@pytest.mark.parametrize("team", [1, 2, 3])
def test_nobody_goes_on_before_all_are_there(team):
    counters, wrong = np.zeros(COUNTERS, np.int64), np.zeros(1, np.int64)
    come_and_go(counters, 1, 0, wrong)  # compiled before the others wait for this one
    run(lambda _: come_and_go(counters, team, ROUNDS, wrong), team)
    assert wrong[0] == 0
    assert counters[NEXT] == team * ROUNDS
    assert counters[COUNT] == 0  # nobody waits
    assert counters[GENERATION] == (2 * ROUNDS if team > 1 else 0)
