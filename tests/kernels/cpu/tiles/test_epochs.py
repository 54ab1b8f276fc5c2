"""Steps that are checked."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import NET, OPTIMIZING
from bpfast.kernels.cpu.tiles import epochs
from bpfast.kernels.cpu.tiles.layout import LAYOUT, WORKSPACE
from bpfast.kernels.cpu.workspace import REPEAT

pytestmark = pytest.mark.xdist_group("functions of tiles")  # compiled once


@compiled(NET, OPTIMIZING, LAYOUT, WORKSPACE, "float64", "bool[:]")
def careful_update(net, optimizing, layout, work, loss, taken):
    taken[0] = epochs.careful_update(net, optimizing, layout, work, 0, loss, 1.0)


def is_taken(args, layout, work, loss):
    """Whether an update was made of a gradient, and a loss."""
    taken = np.zeros(1, bool)
    careful_update(args.net, args.optimizing, layout, work, loss, taken)
    return taken[0]


@pytest.mark.parametrize(("loss", "gradient"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.inf)])
def test_a_step_that_is_not_finite_is_undone(packed, loss, gradient):
    args, layout, work = packed
    size = layout.weights[-1]
    work.numbers[layout.gradient :][:size] = gradient
    before = work.numbers[:size].copy()
    assert not is_taken(args, layout, work, loss)
    np.testing.assert_array_equal(work.numbers[:size], before)


def test_any_other_step_is_taken(packed):
    args, layout, work = packed
    size = layout.weights[-1]
    work.numbers[layout.gradient :][:size] = 2.0
    work.numbers[layout.coefficients + work.own :][:REPEAT] = 0.5  # learning rates
    before = work.numbers[:size].copy()
    assert is_taken(args, layout, work, 1.0)
    np.testing.assert_array_equal(work.numbers[:size], before - 1.0)
