"""bpfast.explain: names, chain rules that multiply out to the trainer's gradients, refusals."""

import dataclasses
import importlib
import json
import math
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining.explanation import explain
from bpfast.explaining.network import read_network
from bpfast.explaining.steps import repeat
from bpfast.kernels.tables import ACTIVATIONS, LOSSES
from bpfast.training.network import loss_names

TUTORIAL = bp.MLP((2, 2, 1), activation="identity", loss="half_squared_error", bias=False)
WEIGHTS = [[[0.11, 0.12], [0.21, 0.08]], [[0.14], [0.15]]]
DEVICES = [name for name, text in bp.devices().items() if text.startswith("usable")]
BUILT_IN_ACTIVATIONS, BUILT_IN_LOSSES = tuple(ACTIVATIONS), tuple(loss_names())


def tutorial(**changes):
    arguments = {"mlp": TUTORIAL, "weights": WEIGHTS, "x": [2, 3], "y": [1], "learning_rate": 0.05}
    return explain(**arguments | {"device": "reference"} | changes)


def drawn(layers, seed=0, y=None, device="reference", **options):
    """An explanation of a network with drawn weights, biases and sample."""
    mlp, rng = bp.MLP(layers, **options), np.random.default_rng(seed)
    weights = [rng.normal(size=shape) for shape in pairwise(layers)]
    biases = [rng.normal(size=width) for width in layers[1:]] if mlp.bias else []
    x, drawn_y = rng.normal(size=layers[0]), rng.uniform(size=layers[-1])
    return explain(mlp, weights, x, drawn_y if y is None else y, 0.1, biases, device)


def parameters(explanation):
    return (*explanation.weights, *explanation.biases)


# --- the tutorial ---------------------------------------------------------------------------------


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


def test_the_chain_rule_of_w1_names_its_factors_in_order():
    factors = tutorial()["w1"].factors
    assert [(factor.name, factor.formula) for factor in factors] == [
        ("∂E/∂prediction", "prediction - target"),
        ("∂prediction/∂h1", "w5"),
        ("∂h1/∂z1", "1"),
        ("∂z1/∂w1", "i1"),
    ]
    assert [factor.value for factor in factors] == pytest.approx([-0.809, 0.14, 1, 2])


def test_names_lead_to_weights_and_neurons():
    e = tutorial()
    ways = [(part.name, part.source, part.target, part.value) for part in e.weights]
    assert ways == [
        ("w1", "i1", "h1", 0.11),
        ("w2", "i2", "h1", 0.21),
        ("w3", "i1", "h2", 0.12),
        ("w4", "i2", "h2", 0.08),
        ("w5", "h1", "prediction", 0.14),
        ("w6", "h2", "prediction", 0.15),
    ]
    assert e["h2"].activation == pytest.approx(0.48)
    with pytest.raises(KeyError, match="w7"):
        e["w7"]
    with pytest.raises(KeyError, match="neuron"):
        e.paths("h1")


def test_repeating_leads_to_an_error_close_to_zero():
    steps = repeat(tutorial(), range(100), close=1e-6)
    assert [step.step for step in steps] == list(range(21))
    assert steps[1].prediction == pytest.approx((0.2557457808075,))
    assert steps[20].prediction[0] == pytest.approx(0.99907, abs=5e-6)
    assert steps[20].error <= 1e-6 < steps[19].error


def test_repeating_ends_where_the_error_comes_close_between_two_rows():
    steps = repeat(tutorial(), (0, 1000), close=1e-6)
    assert steps[0].step == 0
    assert 20 <= steps[-1].step <= 21
    assert steps[-1].error <= 1e-6


def test_repeating_ends_where_the_network_diverges():
    steps = repeat(tutorial(learning_rate=5.0), (0, 1, 1000), close=1e-6)
    assert steps[-1].step < 1000
    assert steps[-1].error > 1e10


def test_repeating_ends_with_the_first_error_that_is_none():
    steps = repeat(tutorial(learning_rate=0.8), range(100))
    assert [step.step for step in steps] == list(range(8))
    assert [math.isfinite(step.error) for step in steps] == [True] * 7 + [False]


def test_an_interrupt_ends_it(monkeypatch):
    module = importlib.import_module("bpfast.explaining.explanation")
    fit = module.fit
    monkeypatch.setattr(
        module, "fit", lambda *a, **k: dataclasses.replace(fit(*a, **k), interrupted=True)
    )
    with pytest.raises(KeyboardInterrupt):
        tutorial()


# --- any network ----------------------------------------------------------------------------------


def check_gradients(explanation):
    """Chain rules, path by path and in short, multiply out to what the trainer computed."""
    for part in parameters(explanation):
        short = math.prod(factor.value for factor in part.factors)
        paths = sum(math.prod(f.value for f in path) for path in explanation.paths(part.name))
        assert short == pytest.approx(part.gradient, rel=1e-9, abs=1e-12), part.name
        assert paths == pytest.approx(part.gradient, rel=1e-9, abs=1e-12), part.name
        moved = part.value - explanation.learning_rate * part.gradient
        assert part.new_value == pytest.approx(moved, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("loss", BUILT_IN_LOSSES)
@pytest.mark.parametrize("activation", BUILT_IN_ACTIVATIONS)
def test_factors_multiply_out_to_the_gradient(activation, loss):
    e = drawn((2, 3, 2, 2), activation=activation, loss=loss, delta=0.4, quantile=0.8)
    check_gradients(e)
    assert sum(e.error_terms) / (2 if LOSSES[loss].average else 1) == pytest.approx(e.error)
    if LOSSES[loss].inverse_link == "identity":
        assert e.activations[-1] == pytest.approx(e.prediction, rel=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_the_largest_network(device):
    e = drawn((8,) * 5, activation="tanh", loss="huber", device=device)
    assert len(e.weights) == 4 * 64
    assert len(e.biases) == 4 * 8
    check_gradients(e)


def test_the_next_step_is_explained_from_the_new_weights():
    e = drawn((3, 4, 2), activation="gelu", loss="mse")
    weights, biases = e.matrices(new=True)
    after = explain(e.mlp, weights, e.x, e.y, e.learning_rate, biases, "reference")
    assert after.prediction == e.next_prediction
    assert after.error == e.next_error
    assert [part.value for part in parameters(after)] == [part.new_value for part in parameters(e)]


def test_names_of_a_deep_network():
    e = drawn((2, 3, 2, 2), activation=("tanh", "relu"), loss="cross_entropy", y=1)
    assert [[unit.name for unit in layer] for layer in e.layers] == [
        ["h1.1", "h1.2", "h1.3"],
        ["h2.1", "h2.2"],
        ["logit1", "logit2"],
    ]
    assert e.y == (0.0, 1.0)
    assert sum(e.prediction) == pytest.approx(1.0)
    assert (e["w9"].source, e["w9"].target) == ("h1.3", "h2.1")
    assert (e["b4"].source, e["b4"].target) == ("1", "h2.1")
    names = [factor.name for factor in e.paths("w9")[1]]
    assert names == ["∂E/∂logit2", "∂logit2/∂h2.1", "∂h2.1/∂z2.1", "∂z2.1/∂w9"]
    assert e["w9"].factors[0].name == "∂E/∂h2.1"
    assert e["w9"].factors[0].formula == "∂E/∂logit1·w13 + ∂E/∂logit2·w15"
    assert e["h2.1"].links[1].formula == "w15"
    assert e["w15"].value == e["h2.1"].links[1].value


def test_own_activation_and_loss():
    try:
        bp.register_activation("cubic", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
        bp.register_loss("quartic", lambda p, t, c: (p - t) ** 4, lambda p, t, c: 4 * (p - t) ** 3)
        e = drawn((2, 2, 1), activation="cubic", loss="quartic")
    finally:
        ACTIVATIONS.pop("cubic", None)
        LOSSES.pop("quartic", None)
    check_gradients(e)
    assert e["h1"].slope.formula == "cubic'(z1)"
    assert e["prediction"].gradient.formula == "quartic'(prediction, target)"


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
    check_gradients(e)


def test_one_target_needs_no_brackets():
    assert tutorial(y=1).y == (1.0,)


# --- as data --------------------------------------------------------------------------------------


def test_it_is_frozen_plain_data():
    e = tutorial()
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.error = 0.0
    assert e == tutorial()


@pytest.mark.parametrize("make", [tutorial, lambda: drawn((2, 3, 2, 3), loss="cross_entropy", y=1)])
def test_json_holds_everything_and_leads_back(make, tmp_path):
    e = make()
    data = json.loads(e.to_json())
    assert data["error"] == e.error
    assert data["next_prediction"] == list(e.next_prediction)
    assert [part["gradient"] for part in data["weights"]] == [part.gradient for part in e.weights]
    assert data["weights"][0]["factors"][-1]["formula"] == "i1"
    assert data["layers"][0][0]["slope"]["name"] == e.layers[0][0].slope.name
    path = tmp_path / "network.json"
    path.write_text(json.dumps(data["network"]))
    assert explain(**read_network(path), device="reference") == e


# --- what is refused ------------------------------------------------------------------------------


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


NETWORK = {
    "layers": [2, 2, 1],
    "activation": "identity",
    "loss": "half_squared_error",
    "bias": False,
    "weights": WEIGHTS,
    "biases": [],
    "x": [2, 3],
    "y": [1],
    "learning_rate": 0.05,
}


def test_a_network_is_read_from_json(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(NETWORK))
    assert explain(**read_network(path), device="reference") == tutorial()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [2, 0, 1]}, "layers"),
        ({"layers": [2, "2", 1]}, "layers must be integers"),
        ({"layers": 3}, "layers must be integers"),
        ({"activation": "magic"}, "activation='magic' is not known"),
        ({"activation": ["tanh", "tanh"]}, "2 names for 1 hidden"),
        ({"activation": [["tanh"]]}, "activation must be names"),
        ({"loss": "magic"}, "loss='magic' is not known"),
        ({"loss": 1}, "loss is of the wrong type"),
        ({"bias": 1}, "bias is of the wrong type"),
        ({"weights": 1}, "weights is of the wrong type"),
        ({"delta": "x"}, "delta must be a finite number"),
        ({"learning_rate": True}, "learning_rate must be a finite number"),
        ({"delta": 10**400}, "delta must be a finite number"),
        ({"layers": [2, float("inf"), 1]}, "layers|infinity"),
        ({"learning_rte": 1}, "'learning_rte' is not known: the keys are layers"),
    ],
)
def test_a_bad_network_is_refused_in_words(tmp_path, changes, message):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(NETWORK | changes))
    with pytest.raises(ValueError, match=message) as caught:
        read_network(path)
    assert "network.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "expected an object with the keys layers"),
        ("{}", "layers, weights, x, y, learning_rate missing"),
        ("\x00\xff", "is not JSON"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path, text, message):
    path = tmp_path / "network.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=message):
        read_network(path)


def test_a_missing_file_is_refused_in_words(tmp_path):
    with pytest.raises(ValueError, match=r"none\.json cannot be read: No such file"):
        read_network(tmp_path / "none.json")
