"""bpfast.check_gradients: right gradients pass, wrong ones are found, where they are."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES
from bpfast.training.network import loss_names

OWN_ACTIVATIONS, OWN_LOSSES = tuple(ACTIVATIONS), tuple(loss_names())


@pytest.fixture
def registered():
    """Functions of a user's own, forgotten afterwards."""
    bp.register_activation("cubic", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    bp.register_loss("quartic", lambda p, t, c: (p - t) ** 4, lambda p, t, c: 4 * (p - t) ** 3)
    bp.register_loss("wrong", lambda p, t, c: (p - t) ** 4, lambda p, t, c: 3.9 * (p - t) ** 3)
    yield
    ACTIVATIONS.pop("cubic")
    LOSSES.pop("quartic")
    LOSSES.pop("wrong")


def samples(mlp, n=20, seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, mlp.inputs)), rng.normal(size=(n, mlp.outputs))
    if mlp.loss == "cross_entropy":
        y = rng.integers(0, mlp.outputs, n)
    elif mlp.loss == "poisson":
        y = abs(y)
    elif mlp.loss == "binary_cross_entropy":
        y = (y > 0).astype(float)
    return X, y


def checked(mlp, dtype="float64", n=2, device="reference", **options):
    population = bp.Population(mlp, n, seed=1, init="torch", dtype=dtype)
    return bp.check_gradients(population, *samples(mlp), device=device, **options)


@settings(max_examples=15, deadline=None)
@given(
    layers=st.lists(st.integers(2, 4), min_size=2, max_size=4).map(tuple),
    activation=st.sampled_from(OWN_ACTIVATIONS),
    loss=st.sampled_from(OWN_LOSSES),
    bias=st.booleans(),
    dtype=st.sampled_from(["float64", "float32"]),
)
def test_every_loss_and_activation_passes(layers, activation, loss, bias, dtype):
    check = checked(bp.MLP(layers, activation, loss, bias), dtype, device="cpu")
    assert check.passed, str(check)
    assert (check.device, check.dtype, check.networks) == ("cpu", dtype, 2)
    names = [array.name for array in check.arrays]
    layers = range(len(layers) - 1)
    expected = [f"weights[{k}]" for k in layers] + [f"biases[{k}]" for k in layers if bias]
    assert names == expected


def test_the_entries_shown_are_those_of_gradients_and_of_the_loss():
    mlp = bp.MLP((2, 3, 1), "tanh")
    population = bp.Population(mlp, 2, dtype="float64")
    X, y = samples(mlp)
    check = bp.check_gradients(population, X, y, device="reference")
    _, weights, biases = bp.gradients(population, X, y, device="reference")
    for array, gradient in zip(check.arrays, [*weights, *biases], strict=True):
        assert array.gradient == gradient[array.index]
        assert array.difference == pytest.approx(array.gradient, rel=1e-6, abs=1e-9)
        assert array.checked == gradient[0].size


def test_functions_of_ones_own_pass_and_a_wrong_slope_is_found(registered):
    right = checked(bp.MLP((2, 3, 1), "cubic", "quartic"))
    assert right.passed
    wrong = checked(bp.MLP((2, 3, 1), "cubic", "wrong"))
    assert not wrong.passed
    for array in wrong.arrays:
        assert array.gradient == pytest.approx(array.difference * 3.9 / 4, rel=1e-5)
    assert "the gradients of 4 of 4 arrays are not those of the loss" in str(wrong)
    assert str(wrong).count("FAILED") == 4


def test_a_single_wrong_number_is_found(monkeypatch):
    from bpfast.checking import gradients as gradient_check

    rows = gradient_check.gradient_rows

    def spoilt(*arguments):
        result = rows(*arguments)
        result[1, 4] += 1e-4
        return result

    monkeypatch.setattr(gradient_check, "gradient_rows", spoilt)
    check = checked(bp.MLP((2, 3, 1), "tanh"))
    assert [array.name for array in check.arrays if not array.passed] == ["weights[0]"]
    assert check.arrays[0].index == (1, 1, 1)
    assert check.arrays[0].error == pytest.approx(1e-4, rel=1e-3)


def test_not_a_number_fails(monkeypatch):
    from bpfast.checking import gradients as gradient_check

    monkeypatch.setattr(gradient_check, "gradient_rows", lambda *a: np.full((2, 13), np.nan))
    check = checked(bp.MLP((2, 3, 1)))
    assert not any(array.passed for array in check.arrays)


def test_a_corner_is_no_mistake():
    """At a corner of relu the slopes of both sides are right, and their mean is neither."""
    mlp = bp.MLP((1, 1, 1), "relu", bias=False)
    population = bp.Population.from_arrays(mlp, [[[0.0]], [[1.0]]], dtype="float64")
    check = bp.check_gradients(population, [[1.0]], [[5.0]], device="reference")
    assert check.arrays[0].gradient == 0.0
    assert check.arrays[0].difference == pytest.approx(-5.0)
    assert check.passed


def test_large_arrays_are_sampled_alike():
    mlp = bp.MLP((30, 20, 2))
    check, again = (checked(mlp, n=1, most=5, seed=3) for _ in range(2))
    assert [array.checked for array in check.arrays] == [5, 5, 5, 2]
    assert check == again


def test_sample_weights_count():
    mlp = bp.MLP((2, 3, 1), "tanh")
    population = bp.Population(mlp, 1, dtype="float64")
    X, y = samples(mlp)
    weights = np.arange(20.0)
    check = bp.check_gradients(population, X, y, weights, device="reference")
    expected = bp.gradients(population, X, y, weights, device="reference")[1][0]
    assert check.passed
    assert check.arrays[0].gradient == expected[check.arrays[0].index]


def test_it_is_data_and_a_table():
    check = checked(bp.MLP((2, 3, 1), "tanh"))
    json.dumps(dataclasses.asdict(check))
    lines = str(check).splitlines()
    assert lines[0].startswith(
        "2 networks in float64 on reference (one by one): all gradients agree"
    )
    assert lines[2].split() == ["furthest", "apart", "checked", "gradient", *lines[2].split()[4:]]
    assert len(lines) == 4 + 4
    assert max(map(len, lines)) <= 100
    alone = str(checked(bp.MLP((2, 3, 1), "tanh"), n=1))
    assert alone.startswith("1 network in")
    assert "network 0" not in alone


@pytest.mark.parametrize(
    ("options", "message"),
    [({"most": 0}, "most must be at least 1"), ({"seed": -1}, "seed must be at least 0")],
)
def test_bad_input_is_refused_in_words(options, message):
    with pytest.raises(ValueError, match=message):
        checked(bp.MLP((2, 1)), **options)


def test_samples_are_checked():
    with pytest.raises(ValueError, match=r"X has shape \(4, 3\)"):
        bp.check_gradients(bp.Population(bp.MLP((2, 1))), np.ones((4, 3)), np.ones(4))
