"""A block's step against the reference's: rule, penalties and clipping."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thread_or_block import NETWORK, PENALTIES, RATE, SHARE, step_task, take_reference_step

from bpfast.kernels import reference
from bpfast.kernels.cuda import device
from bpfast.kernels.tables import OPTIMIZERS

pytest.importorskip("numba_cuda")
from numba import cuda

from bpfast.kernels.cuda import arguments, compile, functions
from bpfast.kernels.cuda.block import update
from bpfast.kernels.cuda.block.layout import (
    FIRST_HYPERPARAMETER,
    RULE_NUMBERS,
    TABLE,
    layout_of,
    shape_of,
    table_bytes,
)
from bpfast.kernels.cuda.collective import block_sum

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
SIZE, THREADS = NETWORK.n_parameters, 3


def take_step(task, slope=None):
    """Parameters, gradient, moments, the rule's numbers; penalty, factor and whether all is finite.

    The gradient is that of the task's batch, unless all of it is to be one number.
    """
    w, optimizer, rule = task.state.parameters[0], task.optimizer, np.ones(RULE_NUMBERS)
    g = reference.gradient(NETWORK, w, task.samples)[1] if slope is None else np.full(SIZE, slope)
    moments, given = np.zeros(2 * SIZE), optimizer.hyperparameters[0]
    moments[: task.state.moments.size] = task.state.moments.ravel()
    rule[: task.state.powers.size] = task.state.powers.ravel()
    rule[FIRST_HYPERPARAMETER:] = 0.0
    rule[FIRST_HYPERPARAMETER:][: given.size] = given
    spec = functions.functions(NETWORK, optimizer.rule, "float64")
    set_coefficients, move = update.coefficients_of(spec), update.move_of(spec)

    def test_step(net, layout, penalties, w, g, moments, rule, results):
        table, scratch = cuda.shared.array(0, TABLE), cuda.shared.array(THREADS, np.float64)
        shape = shape_of(net, layout, table)
        own = update.Net(shape, w, g, moments, shape.size, rule, scratch)
        cuda.syncthreads()
        set_coefficients(rule, RATE)
        penalty = block_sum(update.penalty_part(own, penalties), scratch)
        factor = update.penalise(own, penalties, SHARE)
        finite = cuda.syncthreads_and(np.int32(move(own, factor)))
        if cuda.threadIdx.x == 0:
            results[0], results[1], results[2] = penalty, factor, finite

    there = [device.to_device(part) for part in (w, g, moments, rule, np.zeros(3))]
    compile.launch(
        compile.kernel(test_step, THREADS, 1),
        1,
        THREADS,
        table_bytes(NETWORK),
        arguments.net(NETWORK),
        layout_of(NETWORK, 1, 0, 0, 0),
        *map(device.kernel_array, (device.to_device(optimizer.penalties[0]), *there)),
    )
    return [device.to_host(part) for part in there]


@pytest.mark.parametrize("penalties", PENALTIES)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_step_is_the_references(rule, penalties):
    task = step_task(rule, PENALTIES[penalties])
    before = task.state.parameters[0].copy()
    w, g, moments, numbers, (penalty, factor, finite) = take_step(task)
    expected = reference.penalty_value(NETWORK, before, PENALTIES[penalties])
    assert_allclose(penalty, expected, rtol=1e-10)
    assert finite
    assert (factor < 1.0) == (penalties == "clipping")
    take_reference_step(task)
    assert_allclose(w, task.state.parameters[0], rtol=1e-10)
    assert_array_equal(g, before)  # a step that is taken back needs them
    expected = task.state.moments.ravel()
    assert_allclose(moments[: expected.size], expected, rtol=1e-10)
    if OPTIMIZERS[rule].powers:
        assert_allclose(numbers[:2], task.state.powers[0], rtol=1e-10)


def test_a_step_that_is_not_finite_is_told():
    task = step_task("sgd", PENALTIES["none"])
    _, g, *_, (_, _, finite) = take_step(task, slope=np.inf)
    assert not finite
    assert_array_equal(g, task.state.parameters[0])
