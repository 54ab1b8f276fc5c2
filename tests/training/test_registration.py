"""A user's own activations and losses: used by every device, refused where they cannot be."""

import functools
import math

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES

RNG = np.random.default_rng(4)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))


@pytest.fixture(autouse=True)
def _forget():
    """What a test registers is gone after it."""
    before = [(table, dict(table)) for table in (ACTIVATIONS, LOSSES)]
    yield
    for table, entries in before:
        table.clear()
        table.update(entries)


def softsign(z):
    return z / (1.0 + abs(z))


def softsign_slope(z, a):
    return (1.0 - abs(a)) * (1.0 - abs(a))


def log_cosh(p, t, c):
    return math.log(math.cosh(p - t))


def log_cosh_slope(p, t, c):
    return math.tanh(p - t)


def trained(device, activation="tanh", loss="mse", layers=(3, 4, 2), dtype="float64", **options):
    """What three networks are after a short training, and what they say."""
    mlp = bp.MLP(layers, activation=activation, loss=loss, **options)
    networks = bp.Population(mlp, 3, init="torch", dtype=dtype)
    optimizer = bp.Adam(learning_rate=0.01)
    history = bp.fit(networks, X, Y, optimizer, 3, 5, device=device, progress=False)
    return networks.parameters, history.loss, networks.predict(X, device=device)


def slopes_are_derivatives(mlp):
    """The reference's gradients against central differences of its own losses."""
    networks = bp.Population(mlp, 2, init="torch", dtype="float64")
    gradients = bp.gradients(networks, X, Y, device="reference")[1][0][:, 0, 0]
    losses = []
    for step in (1e-6, -1e-6):
        moved = networks[:]
        moved.weights[0][:, 0, 0] += step
        losses.append(bp.gradients(moved, X, Y, device="reference")[0])
    assert_allclose(gradients, (losses[0] - losses[1]) / 2e-6, rtol=1e-5)


# --- use ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [(3, 4, 2), (3, 600, 2)])  # lanes and tiles
def test_an_activation_of_ones_own_is_the_same_on_every_device(layers):
    bp.register_activation("softsign", softsign, softsign_slope)
    slopes_are_derivatives(bp.MLP((3, 4, 2), activation="softsign"))
    on_cpu = trained("cpu", "softsign", layers=layers)
    for ours, truth in zip(on_cpu, trained("reference", "softsign", layers=layers), strict=True):
        assert_allclose(ours, truth, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("layers", [(3, 4, 2), (3, 600, 2)])
@pytest.mark.parametrize("average", [False, True])
def test_a_loss_of_ones_own_is_the_same_on_every_device(layers, average):
    bp.register_loss("log_cosh", log_cosh, log_cosh_slope, average)
    slopes_are_derivatives(bp.MLP((3, 4, 2), activation="tanh", loss="log_cosh"))
    on_cpu = trained("cpu", loss="log_cosh", layers=layers)
    truth = trained("reference", loss="log_cosh", layers=layers)
    for ours, true in zip(on_cpu, truth, strict=True):
        assert_allclose(ours, true, rtol=1e-9, atol=1e-12)


def test_networks_may_be_float32_and_layers_mixed():
    bp.register_activation("softsign", softsign, softsign_slope)
    bp.register_loss("log_cosh", log_cosh, log_cosh_slope)
    options = {"activation": ("softsign", "relu"), "loss": "log_cosh", "layers": (3, 4, 4, 2)}
    on_cpu = trained("cpu", dtype="float32", **options)
    assert on_cpu[0].dtype == np.float32
    for ours, truth in zip(on_cpu, trained("reference", dtype="float32", **options), strict=True):
        assert_allclose(ours, truth, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_copies_of_our_own_functions_give_our_own_numbers(device):
    bp.register_activation("my_relu", lambda z: max(z, 0.0), lambda z, a: 1.0 if z > 0.0 else 0.0)
    bp.register_loss("half", lambda p, t, c: 0.5 * (p - t) ** 2, lambda p, t, c: p - t)
    bp.register_loss("mean", lambda p, t, c: (p - t) ** 2, lambda p, t, c: 2.0 * (p - t), True)
    for name, ours in (("half", "half_squared_error"), ("mean", "mse")):
        for mine, built_in in zip(
            trained(device, "my_relu", name), trained(device, "relu", ours), strict=True
        ):
            assert_allclose(mine, built_in, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_loss_is_given_the_delta_of_its_architecture(device):
    def value(p, t, c):
        e = abs(p - t)
        return 0.5 * e * e if e < c else c * (e - 0.5 * c)

    bp.register_loss("mine", value, lambda p, t, c: min(max(p - t, -c), c), average=True)
    for delta in (0.3, 2.0):
        mine = trained(device, loss="mine", delta=delta)
        for ours, built_in in zip(mine, trained(device, loss="huber", delta=delta), strict=True):
            assert_allclose(ours, built_in, rtol=1e-9, atol=1e-12)


def line(factor):
    """A line through zero: a function with a value of its own in it, and its slope."""
    return (lambda z: factor * z), (lambda z, a: factor)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_the_last_registration_counts(device):
    for factor in (1.0, 3.0):
        bp.register_activation("line", *line(factor))
        networks = bp.Population(bp.MLP((3, 4, 2), activation="line"), 2, dtype="float64")
        (w1, w2), (b1, b2) = networks.weights, networks.biases
        expected = factor * (X @ w1 + b1[:, None]) @ w2 + b2[:, None]
        assert_allclose(networks.predict(X, device=device), expected, rtol=1e-9, atol=1e-12)


def test_a_name_may_be_an_activations_and_a_losss():
    bp.register_activation("mine", softsign, softsign_slope)
    bp.register_loss("mine", log_cosh, log_cosh_slope)
    assert np.isfinite(trained("cpu", "mine", "mine")[1]).all()


def test_architectures_know_the_name_only_after_its_registration():
    with pytest.raises(ValueError, match="activation='softsign' is not known"):
        bp.MLP((3, 4, 2), activation="softsign")
    with pytest.raises(ValueError, match="loss='log_cosh' is not known"):
        bp.MLP((3, 2), loss="log_cosh")
    bp.register_activation("softsign", softsign, softsign_slope)
    bp.register_loss("log_cosh", log_cosh, log_cosh_slope)
    assert bp.MLP((3, 4, 2), activation="softsign", loss="log_cosh").activations == ("softsign",)
    with pytest.raises(ValueError, match="gelu, softsign"):
        bp.MLP((3, 4, 2), activation="soft_sign")


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["relu", "tanh", "mse", "cross_entropy"])
def test_names_of_ours_are_taken(name):
    tables = dict(ACTIVATIONS), dict(LOSSES)
    with pytest.raises(ValueError, match=f"{name!r} is one of bpfast's own functions"):
        bp.register_activation(name, softsign, softsign_slope)
    with pytest.raises(ValueError, match=f"{name!r} is one of bpfast's own functions"):
        bp.register_loss(name, log_cosh, log_cosh_slope)
    assert (dict(ACTIVATIONS), dict(LOSSES)) == tables


@pytest.mark.parametrize("name", ["", "soft sign", "soft-sign", "1st", 5, None, ("a",)])
def test_names_are_identifiers(name):
    with pytest.raises(ValueError, match="a name such as 'softsign' is needed, got"):
        bp.register_activation(name, softsign, softsign_slope)
    with pytest.raises(ValueError, match="a name such as 'softsign' is needed, got"):
        bp.register_loss(name, log_cosh, log_cosh_slope)


class Callable:
    def __call__(self, z):
        return z


@pytest.mark.parametrize(
    "function",
    [
        5,
        None,
        "tanh",
        math.tanh,
        np.tanh,
        Callable,
        Callable(),
        functools.partial(softsign_slope, 0.0),
        njit(softsign),
    ],
)
def test_functions_are_plain_ones(function):
    with pytest.raises(TypeError, match="mine: a plain Python function is needed, got"):
        bp.register_activation("mine", function, softsign_slope)
    with pytest.raises(TypeError, match="mine: a plain Python function is needed, got"):
        bp.register_loss("mine", function, log_cosh_slope)
    assert "mine" not in {*ACTIVATIONS, *LOSSES}


@pytest.mark.parametrize(
    ("value", "slope", "words"),
    [
        (softsign_slope, softsign_slope, r"softsign_slope takes \(z, a\), it must take \(z\)"),
        (softsign, softsign, r"softsign takes \(z\), it must take \(z, a\)"),
        (softsign, lambda: 1.0, r"takes \(\), it must take \(z, a\)"),
        (lambda z, k=1.0: z, softsign_slope, r"takes \(z, k=1.0\), it must take \(z\)"),
        (lambda *z: z[0], softsign_slope, r"takes \(\*z\), it must take \(z\)"),
        (lambda *, z: z, softsign_slope, r"takes \(\*, z\), it must take \(z\)"),
    ],
)
def test_activations_take_z_and_slopes_z_and_a(value, slope, words):
    with pytest.raises(ValueError, match=words):
        bp.register_activation("mine", value, slope)


@pytest.mark.parametrize(
    ("value", "slope"), [(lambda p, t: p - t, log_cosh_slope), (log_cosh, lambda p, t: p - t)]
)
def test_losses_take_prediction_target_and_parameter(value, slope):
    with pytest.raises(ValueError, match=r"takes \(p, t\), it must take \(prediction, target, p"):
        bp.register_loss("mine", value, slope)


@pytest.mark.parametrize("average", [1, "yes", None])
def test_average_is_a_bool(average):
    with pytest.raises(TypeError, match="average must be True or False, got"):
        bp.register_loss("mine", log_cosh, log_cosh_slope, average)


def test_what_cannot_be_compiled_is_an_error_before_any_training():
    bp.register_activation("files", lambda z: open(z), lambda z, a: 1.0)  # noqa: PTH123, SIM115
    networks = bp.Population(bp.MLP((3, 4, 2), activation="files"), 3)
    before = networks.parameters.copy()
    with pytest.raises(Exception, match="open"):
        bp.fit(networks, X, Y, bp.SGD(), device="cpu", progress=pytest.fail)
    assert_array_equal(networks.parameters, before)
