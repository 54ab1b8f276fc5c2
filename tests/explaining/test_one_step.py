"""bpfast.explain: the trainer's numbers, and what is refused."""

import dataclasses

import numpy as np
import pytest
from explanations import check_chain_rules, drawn, parameters, tutorial

import bpfast as bp
from bpfast.explaining import explain, one_step
from bpfast.explaining.network import TUTORIAL

WEIGHTS = TUTORIAL["weights"]
DEVICES = [name for name, text in bp.devices().items() if text.startswith("usable")]


@pytest.mark.parametrize("device", DEVICES)
def test_every_quantity_of_the_tutorial_has_its_number(device):
    e = tutorial(device=device)
    assert e.device == device
    np.testing.assert_allclose(e.activations[0], (0.85, 0.48), rtol=1e-12)
    np.testing.assert_allclose(e.pre_activations[0], (0.85, 0.48), rtol=1e-12)
    assert e.prediction == pytest.approx((0.191,), rel=1e-12)
    assert e.error == pytest.approx(0.3272405, rel=1e-12)
    assert e.gradients == pytest.approx(
        {
            "w1": -0.22652,
            "w2": -0.33978,
            "w3": -0.2427,
            "w4": -0.36405,
            "w5": -0.68765,
            "w6": -0.38832,
        },
        rel=1e-12,
    )
    new = [part.new_value for part in e.weights]
    assert new == pytest.approx([0.121326, 0.226989, 0.132135, 0.0982025, 0.1743825, 0.169416])
    assert e.next_prediction == pytest.approx((0.2557457808075,), rel=1e-12)
    assert e.next_error == pytest.approx(0.5 * (1 - 0.2557457808075) ** 2, rel=1e-12)
    np.testing.assert_allclose(e.deltas[0], (-0.809 * 0.14, -0.809 * 0.15), rtol=1e-12)
    np.testing.assert_allclose(e.deltas[1], -0.809, rtol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_the_largest_network(device):
    e = drawn((8,) * 5, activation="tanh", loss="huber", device=device)
    assert len(e.weights) == 4 * 64
    assert len(e.biases) == 4 * 8
    check_chain_rules(e)


def test_the_next_step_is_explained_from_the_new_weights():
    e = drawn((3, 4, 2), activation="gelu", loss="mse")
    weights, biases = e.matrices(new=True)
    after = explain(e.mlp, weights, e.x, e.y, e.learning_rate, biases, "reference")
    assert after.prediction == e.next_prediction
    assert after.error == e.next_error
    assert [part.value for part in parameters(after)] == [part.new_value for part in parameters(e)]


@pytest.mark.parametrize(
    ("loss", "y", "targets"),
    [
        ("cross_entropy", 2, (0, 0, 1)),
        ("cross_entropy", [0], (1, 0, 0)),
        ("cross_entropy", np.int64(1), (0, 1, 0)),
        ("cross_entropy", [0.5, 0.5, 0.5], (0.5, 0.5, 0.5)),
        ("mae", [1, 2, 3], (1, 2, 3)),
    ],
)
def test_targets(loss, y, targets):
    e = drawn((2, 3), loss=loss, y=y)
    assert e.y == targets
    check_chain_rules(e)


def test_one_target_needs_no_brackets():
    assert tutorial(y=1).y == (1.0,)


def test_an_interrupt_ends_it(monkeypatch):
    fit = one_step.fit
    monkeypatch.setattr(
        one_step, "fit", lambda *a, **k: dataclasses.replace(fit(*a, **k), interrupted=True)
    )
    with pytest.raises(KeyboardInterrupt):
        tutorial()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": [1, 2, 3]}, r"x has shape \(3,\), expected \(2,\)"),
        ({"x": ["a", 2]}, "x must be numbers"),
        ({"x": [1, float("nan")]}, "x has NaN"),
        ({"y": [1, 2]}, r"y has shape \(2,\), expected \(1,\)"),
        ({"y": "one"}, "y must be numbers"),
        ({"weights": WEIGHTS[:1]}, "weights has 1 arrays, expected one of each shape"),
        (
            {"weights": [[[1, 2]], [[1], [2]]]},
            r"weights\[0\] has shape \(1, 2\), expected \(2, 2\)",
        ),
        ({"weights": [[[1, 2], [3]], [[1], [2]]]}, r"weights\[0\] must be numbers"),
        ({"biases": [[0, 0], [0]]}, "bias=False"),
        ({"learning_rate": -1}, "learning_rate must be at least 0"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"weights": [[[1e200] * 2] * 2, [[1e200]] * 2]}, "overflow"),
        ({"learning_rate": 1e308}, "overflow"),
        ({"mlp": bp.MLP((9, 1))}, "too large to read"),
        ({"mlp": bp.MLP((2,) * 6)}, "too large to read"),
        ({"y": None}, "y has NaN"),
        ({"x": [10**400, 1]}, "x must be numbers"),
        ({"device": "abacus"}, "abacus"),
    ],
)
def test_bad_input_is_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=message):
        tutorial(**changes)


def test_a_class_out_of_range_is_refused():
    with pytest.raises(ValueError, match="y must be a class from 0 to 2, or 3 targets, got 3"):
        drawn((2, 3), loss="cross_entropy", y=3)


def test_only_an_mlp_can_be_explained():
    with pytest.raises(TypeError, match=r"mlp must be a bpfast\.MLP, got tuple"):
        tutorial(mlp=(2, 2, 1))
