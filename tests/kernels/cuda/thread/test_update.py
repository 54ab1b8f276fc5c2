"""A thread's step against the reference's: rule, penalties and clipping."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from thread_or_block import NETWORK, PENALTIES, RATE, SHARE, step_task, take_reference_step

from bpfast.kernels import reference
from bpfast.kernels.tables import OPTIMIZERS

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import functions
from bpfast.kernels.cuda.arguments import Optimizing
from bpfast.kernels.cuda.thread import update
from bpfast.kernels.cuda.thread.layout import Registers

pytestmark = pytest.mark.cuda_simulator
SIZE = NETWORK.n_parameters


def registers(task):
    """A thread's arrays, and the loss of the batch whose gradient is in them."""
    state, moments = task.state, np.zeros((2, SIZE))
    moments[: state.moments.shape[1]] = state.moments[0]
    powers = state.powers[0].copy() if state.powers.size else np.ones(2)
    w = state.parameters[0].copy()
    loss, g = reference.gradient(NETWORK, w, task.samples)
    return loss, Registers(w, g, *moments, None, None, powers, np.zeros(6), None, 0)


def take_step(task, net, loss):
    spec = functions.functions(NETWORK, task.optimizer.rule, "float64")
    given = np.zeros((1, 5))
    given[:, : task.optimizer.hyperparameters.shape[1]] = task.optimizer.hyperparameters
    optimizing = Optimizing(task.optimizer.rates, given, task.optimizer.penalties)
    update.coefficients_of(spec)(optimizing, net, 0, RATE)
    return update.take_step_of(NETWORK, spec)(optimizing, net, 0, loss, SHARE)


@pytest.mark.parametrize("penalties", PENALTIES)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_step_is_the_references(rule, penalties):
    task = step_task(rule, PENALTIES[penalties])
    loss, net = registers(task)
    assert take_step(task, net, loss)
    take_reference_step(task)
    assert_allclose(net.w, task.state.parameters[0], rtol=1e-12)
    for moment, expected in zip((net.m, net.v), task.state.moments[0], strict=False):
        assert_allclose(moment, expected, rtol=1e-12)
    if OPTIMIZERS[rule].powers:
        assert_allclose(net.powers, task.state.powers[0], rtol=1e-12)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize(("loss", "slope"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.inf)])
def test_what_is_not_finite_changes_no_parameter(loss, slope):
    task = step_task("sgd", PENALTIES["slopes"])
    _, net = registers(task)
    net.g[SIZE // 2] = slope
    assert not take_step(task, net, loss)
    assert_array_equal(net.w, task.state.parameters[0])


def test_penalties_count_weights_and_no_biases():
    task = step_task("sgd", PENALTIES["slopes"])
    (w,), (penalties,) = task.state.parameters, task.optimizer.penalties
    spec = functions.functions(NETWORK, "sgd", "float64")
    value = update.penalty_value_of(NETWORK, spec)(w, penalties)
    assert_allclose(value, reference.penalty_value(NETWORK, w, penalties), rtol=1e-12)
