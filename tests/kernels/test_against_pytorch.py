"""Numbers PyTorch 2.13.0 produced (``tests/data/make_pytorch_numbers.py``) against ours."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bpfast as bp
from bpfast.kernels.math import ACTIVATIONS

NUMBERS = json.loads(Path(__file__).parents[1].joinpath("data/pytorch_numbers.json").read_text())

# one network, or enough of them that another strategy takes them; rtol
DEVICES = [
    pytest.param("reference", 1, 1e-12, id="reference"),
    pytest.param("cpu", 1, 1e-9, id="cpu-alone"),
    pytest.param("cpu", 40, 1e-9, id="cpu-many"),
]
on_every_device = pytest.mark.parametrize("device, n, rtol", DEVICES)


def loss_name(case):
    words = [case["loss"], *map(str, case["settings"].values())]
    return "-".join(words + ["weighted"] * (case["sample_weight"] is not None))


def run_name(run):
    options = [
        value if key == "schedule" else f"{key}={value}"
        for key, value in run["options"].items()
        if key != "learning_rate"
    ]
    batches = ["mini-batches"] * (run["batch_size"] < 11) + ["weighted"] * ("weighted" in run)
    return "-".join([run["task"], run["optimizer"], *options, *batches])


def population(mlp, n, weights, biases=()):
    """``n`` copies of one network."""
    copies = [[np.array([part] * n) for part in parts] for parts in (weights, biases)]
    return bp.Population.from_arrays(mlp, *copies, dtype="float64")


def assert_all_close(actual, expected, rtol):
    """Every network's array against the one that is expected."""
    for row in np.asarray(actual):
        assert_allclose(row, expected, rtol=rtol, atol=rtol / 100)


@pytest.mark.parametrize("name", NUMBERS["activations"])
def test_activation(name):
    expected = NUMBERS["activations"][name]
    value, slope = ACTIVATIONS[name]
    values = [value(z) for z in NUMBERS["grid"]]
    slopes = [slope(z, a) for z, a in zip(NUMBERS["grid"], values, strict=True)]
    # where 1 cancels (the tails of tanh's slope, of gelu) an absolute error of its last bit is left
    assert_allclose(values, expected["value"], rtol=1e-14, atol=1e-15)
    assert_allclose(slopes, expected["slope"], rtol=1e-14, atol=1e-15)


@on_every_device
@pytest.mark.parametrize("name", NUMBERS["activations"])
def test_activation_in_a_network(name, device, n, rtol):
    """Hidden units that see the grid: values and slopes are gradients where dE/dp is 1."""
    grid = NUMBERS["grid"]
    mlp = bp.MLP((1, len(grid), 1), activation=name, loss="mae", bias=False)
    pop = population(mlp, n, [[grid], [[1.0]] * len(grid)])
    _, (slopes, values), _ = bp.gradients(pop, [[1.0]], [[-1e6]], device=device)
    expected = NUMBERS["activations"][name]
    assert_all_close(slopes[:, 0], expected["slope"], rtol)
    assert_all_close(values[:, :, 0], expected["value"], rtol)


@on_every_device
@pytest.mark.parametrize("case", NUMBERS["losses"], ids=loss_name)
def test_loss(case, device, n, rtol):
    """No hidden layer and the unit matrix as input: weights are predictions."""
    predictions = np.array(case["predictions"])
    mlp = bp.MLP(predictions.shape, loss=case["loss"], bias=False, **case["settings"])
    pop = population(mlp, n, [predictions])
    loss, (gradient,), _ = bp.gradients(
        pop,
        np.eye(len(predictions)),
        np.array(case["targets"]),
        sample_weight=case["sample_weight"],
        device=device,
    )
    assert_all_close(loss, case["value"], rtol)
    assert_all_close(gradient, case["gradient"], rtol)


@on_every_device
@pytest.mark.parametrize("run", NUMBERS["runs"], ids=run_name)
def test_training(run, device, n, rtol):
    task = NUMBERS["tasks"][run["task"]]
    mlp = bp.MLP(task["layers"], activation=task["activation"], loss=task["loss"])
    pop = population(mlp, n, task["weights"], task["biases"])
    hist = bp.fit(
        pop,
        np.array(task["inputs"]),
        np.array(task["targets"]),
        optimizer=getattr(bp, run["optimizer"])(**run["options"]),
        epochs=run["epochs"],
        batch_size=run["batch_size"],
        sample_weight=np.array(task["sample_weight"]) if "weighted" in run else None,
        shuffle=False,
        device=device,
        progress=False,
    )
    assert_all_close(hist.loss, run["loss"], rtol)
    for actual, expected in zip(pop.weights, run["weights"], strict=True):
        assert_all_close(actual, expected, rtol)
    for actual, expected in zip(pop.biases, run["biases"], strict=True):
        assert_all_close(actual, expected, rtol)
