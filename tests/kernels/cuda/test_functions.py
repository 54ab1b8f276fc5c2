"""The functions that kernels are made with, as the simulator calls them, against the formulas."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device
from bpfast.kernels.reference import apply
from bpfast.kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from bpfast.kernels.task import Network

pytestmark = pytest.mark.cuda_simulator
if not device.problem():  # which needs numba-cuda
    from bpfast.kernels.cuda import functions

either_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
SOFTMAX = [name for name, loss in LOSSES.items() if loss.inverse_link == "softmax"]
OF_EACH_OUTPUT = [name for name in LOSSES if name not in SOFTMAX]
Z = np.array([-30.0, -2.7, -1.0, -0.9, -1e-3, -0.0, 0.0, 1e-3, 0.3, 1.0, 4.1, 30.0])
AROUND = 7.0  # the number before and after a sample's own, which must still be there


def made(dtype, activations=(), loss="mse", rule="sgd"):
    layers = (3, *[4] * len(activations), 2)
    return functions.functions(Network(layers, True, activations, loss, 0.0), rule, dtype)


def close(got, expected, dtype):
    tolerance = {"float32": 2e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def test_layers_with_the_same_activation_share_it():
    network = Network((3, 4, 4, 4, 2), True, ("tanh", "relu", "tanh"), "mse", 0.0)
    used = functions.functions(network, "adam", "float32")
    assert used.activations == (ACTIVATIONS["tanh"], ACTIVATIONS["relu"])
    assert functions.activation_ids(network) == [0, 1, 0]
    assert (used.loss, used.rule) == (LOSSES["mse"], OPTIMIZERS["adam"])
    assert made("float32").activations == (ACTIVATIONS["identity"],)


@either_dtype
def test_activations_are_called_by_number(dtype):
    spec = made(dtype, tuple(ACTIVATIONS))
    value, slope = functions.value(spec), functions.slope(spec)
    z = Z.astype(dtype).astype(np.float64)
    for k, activation in enumerate(ACTIVATIONS.values()):
        a = apply(activation.value, z)
        close([value(k, number) for number in z.astype(dtype)], a, dtype)
        pairs = zip(z.astype(dtype), a.astype(dtype), strict=True)
        slopes = [slope(k, *pair) for pair in pairs]
        close(slopes, apply(activation.slope, z, a), dtype)


def loss_of(spec, z, targets, scale, c):
    """A sample's loss and its slopes, where z and targets have others' numbers around them."""
    outputs, number = len(z), np.dtype(spec.dtype).type
    z = np.array([AROUND, *z, AROUND], spec.dtype)
    targets = np.array([AROUND, AROUND, *targets], spec.dtype)
    width = len(targets) - 2
    loss = functions.row_loss(spec)(z, 1, outputs, targets, 2, width, number(scale), number(c))
    assert z[0] == z[-1] == AROUND
    return loss, z[1:-1]


@either_dtype
@pytest.mark.parametrize("name", OF_EACH_OUTPUT)
def test_loss_of_each_output(dtype, name):
    loss, c = LOSSES[name], 1e-3 if name == "binary_log_loss" else 0.7
    z, targets = np.array([-2.25, 0.5, 3.0]), np.array([0.25, 0.5, 1.0])
    got, slopes = loss_of(made(dtype, loss=name), z, targets, 0.3, c)
    close(got, apply(loss.value, z, targets, c).sum(), dtype)
    close(slopes, 0.3 * apply(loss.slope, z, targets, c), dtype)


@either_dtype
@pytest.mark.parametrize("name", SOFTMAX)
@pytest.mark.parametrize("targets", [[0.25, 0.0, 0.5], [1]], ids=["shares", "label"])
def test_loss_of_joined_outputs(dtype, name, targets):
    z, c = np.array([-2.25, 8.0, 3.0]), 1e-3
    shares = np.exp(z) / np.exp(z).sum()
    weights = np.eye(3)[targets[0]] if len(targets) == 1 else np.array(targets)
    got, slopes = loss_of(made(dtype, loss=name), z, targets, 0.3, c)
    low, high = (c, -np.log(c)) if name == "log_loss" else (0.0, np.inf)
    close(got, (weights * np.clip(-np.log(shares), low, high)).sum(), dtype)
    close(slopes, 0.3 * (shares * weights.sum() - weights), dtype)


@either_dtype
@pytest.mark.parametrize("name", LOSSES)
def test_predictions(dtype, name):
    link = LOSSES[name].inverse_link
    values = np.array([-2.25, 0.5, 3.0])
    z = np.array([AROUND, *values, AROUND], dtype)
    functions.inverse_link(made(dtype, loss=name))(z, 1, 3)
    if link == "softmax":
        values = np.exp(values) / np.exp(values).sum()
    elif INVERSE_LINKS[link].value:
        values = apply(INVERSE_LINKS[link].value, values)
    close(z, [AROUND, *values, AROUND], dtype)


@either_dtype
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps(dtype, name):
    spec, rule = made(dtype, rule=name), OPTIMIZERS[name]
    given = 0.1, 0.9, 0.75, 0.01, 0.1, 0.5, 0.8, 0.6
    coefficients = rule.coefficients(*given)
    assert functions.coefficients(spec)(*given) == coefficients
    before = 0.5, -1.25, 0.25, 2.0, *coefficients[2:]
    number = np.dtype(dtype).type
    close(functions.update(spec)(*map(number, before)), rule.update(*before), dtype)
