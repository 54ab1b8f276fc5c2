"""MLP: what it says of itself, and what it refuses."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import bpfast as bp
from bpfast.training.network import ScikitLearnMLP


@pytest.mark.parametrize("layers", [(4, 3, 2), [4, 3, 2], np.array([4, 3, 2]), iter([4, 3, 2])])
def test_layers_come_in_any_sequence_of_integers(layers):
    mlp = bp.MLP(layers)
    assert mlp.layers == (4, 3, 2)
    assert {type(width) for width in mlp.layers} == {int}
    assert (mlp.inputs, mlp.outputs) == (4, 2)


def test_defaults():
    mlp = bp.MLP((4, 3, 2))
    assert (mlp.activation, mlp.loss, mlp.bias) == ("relu", "mse", True)
    assert (mlp.delta, mlp.quantile) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("layers", "bias", "count"),
    [
        ((4, 3, 2), True, 4 * 3 + 3 + 3 * 2 + 2),
        ((4, 3, 2), False, 4 * 3 + 3 * 2),
        ((5, 1), True, 6),
        ((1, 1), False, 1),
    ],
)
def test_parameters_are_counted(layers, bias, count):
    assert bp.MLP(layers, bias=bias).n_parameters == count


@pytest.mark.parametrize(
    ("layers", "activation", "activations"),
    [
        ((4, 3, 2), "tanh", ("tanh",)),
        ((4, 3, 3, 2), "tanh", ("tanh", "tanh")),
        ((4, 3, 3, 2), ("tanh", "relu"), ("tanh", "relu")),
        ((4, 3, 3, 2), ["tanh", "relu"], ("tanh", "relu")),
        ((4, 3, 2), np.array(["gelu"]), ("gelu",)),
        ((4, 2), "relu", ()),
        ((4, 2), (), ()),
    ],
)
def test_every_hidden_layer_has_its_activation(layers, activation, activations):
    assert bp.MLP(layers, activation=activation).activations == activations


def test_it_cannot_be_changed():
    mlp = bp.MLP((4, 3, 2))
    for name in ("layers", "activation", "loss", "bias"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(mlp, name, getattr(mlp, name))


def test_equal_architectures_are_one_key():
    a, b = bp.MLP((4, 3, 2), ["tanh"]), bp.MLP(np.array([4, 3, 2]), ("tanh",))
    assert a == b
    assert len({a, b, bp.MLP((4, 3, 2), "tanh", bias=False), bp.MLP((4, 3, 1), "tanh")}) == 3
    assert a.n_parameters == 23  # what is computed once and kept does not count
    assert a == b
    assert hash(a) == hash(b)


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_it_can_be_copied_and_pickled(way):
    mlp = bp.MLP((4, 3, 2), activation=("elu",), loss="huber", delta=0.5)
    assert mlp.n_parameters == way(mlp).n_parameters
    assert way(mlp) == mlp


def test_it_says_what_it_is():
    text = repr(bp.MLP((4, 3, 2), loss="quantile", quantile=np.float32(0.25)))
    assert text == (
        "MLP(layers=(4, 3, 2), activation='relu', loss='quantile', bias=True, delta=1.0, "
        "quantile=0.25)"
    )


def test_variants_are_made_with_dataclasses():
    mlp = dataclasses.replace(bp.MLP((4, 3, 2)), loss="mae")
    assert (mlp.layers, mlp.loss) == ((4, 3, 2), "mae")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"layers": ()}, ValueError, r"inputs and outputs, such as .*, got \(\)"),
        ({"layers": (3,)}, ValueError, r"got \(3,\)"),
        ({"layers": (3, 0, 1)}, ValueError, "each width in layers must be at least 1, got 0"),
        ({"layers": (3, -1)}, ValueError, "at least 1, got -1"),
        ({"layers": (3, 2**70)}, ValueError, "each width in layers must be at most"),
        ({"layers": (3.5, 1)}, TypeError, r"integers such as \(64, 32, 10\), got \(3.5, 1\)"),
        ({"layers": (3.0, 1)}, TypeError, "layers must be integers"),
        ({"layers": (True, 1)}, TypeError, "layers must be integers"),
        ({"layers": (np.inf, 1)}, TypeError, "layers must be integers"),
        ({"layers": (None, 1)}, TypeError, "layers must be integers"),
        ({"layers": ("3", "1")}, TypeError, "layers must be integers"),
        ({"layers": "31"}, TypeError, "layers must be integers"),
        ({"layers": 3}, TypeError, "layers must be integers"),
        ({"layers": None}, TypeError, "layers must be integers"),
        ({"activation": "Relu"}, ValueError, "activation='Relu' is not known.* relu, leaky_relu,"),
        ({"activation": ("relu", "x")}, ValueError, "2 names for 1 hidden layers: give one for"),
        ({"activation": ()}, ValueError, "0 names for 1 hidden layers"),
        ({"activation": ("x",)}, ValueError, "activation='x' is not known"),
        ({"activation": (5,)}, ValueError, "activation=5 is not known"),
        ({"activation": (["relu"],)}, ValueError, "is not known"),
        ({"activation": None}, TypeError, "a name, or one for each layer, got None"),
        ({"activation": 5}, TypeError, "a name, or one for each layer, got 5"),
        ({"loss": "l2"}, ValueError, "loss='l2' is not known.* choose from .*mse, mae"),
        ({"loss": None}, ValueError, "loss=None is not known"),
        ({"loss": ["mse"]}, ValueError, "is not known"),
        ({"loss": "cross_entropy", "layers": (3, 1)}, ValueError, "there is binary_cross_entropy"),
        ({"bias": 1}, TypeError, "bias must be True or False, got 1"),
        ({"bias": "no"}, TypeError, "bias must be True or False, got 'no'"),
        ({"bias": None}, TypeError, "bias must be True or False"),
        ({"delta": 0}, ValueError, "delta must be above 0 and finite, got 0"),
        ({"delta": -1}, ValueError, "delta must be above 0"),
        ({"delta": np.nan}, ValueError, "delta must be above 0 and finite, got nan"),
        ({"delta": np.inf}, ValueError, "delta must be above 0 and finite, got inf"),
        ({"delta": "1"}, TypeError, "delta must be a number, got '1'"),
        ({"delta": None}, TypeError, "delta must be a number"),
        ({"delta": [1.0]}, TypeError, "delta must be a number"),
        ({"quantile": 0}, ValueError, "quantile must be above 0 and below 1, got 0"),
        ({"quantile": 1}, ValueError, "quantile must be above 0 and below 1, got 1"),
        ({"quantile": np.nan}, ValueError, "quantile must be above 0 and below 1, got nan"),
        ({"quantile": True}, TypeError, "quantile must be a number, got True"),
    ],
)
def test_bad_architectures_are_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        bp.MLP(**{"layers": (3, 2, 2)} | arguments)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "outputs"), [("cross_entropy", 3), ("binary_cross_entropy", 2)])
def test_what_scikit_learn_reports_is_trained_as_the_loss_itself(loss, outputs, dtype):
    """To the bit, where logits are large too; as a name of a loss it is not known."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 4)) * 30, rng.integers(0, 2, (40, outputs)).astype(float)
    layers, epsilon = (4, 5, outputs), float(np.finfo(dtype).eps)
    plain = bp.Population(bp.MLP(layers, "tanh", loss), 3, init="torch", dtype=dtype)
    plain.weights[-1] *= 50
    mlp = ScikitLearnMLP(layers, "tanh", loss, delta=epsilon)
    reporting = bp.Population.from_arrays(mlp, plain.weights, plain.biases, dtype)
    lost, *expected = bp.gradients(plain, X, y, device="cpu")
    reported, *found = bp.gradients(reporting, X, y, device="cpu")
    np.testing.assert_equal(found, expected)
    assert (reported < lost).all()
    with pytest.raises(ValueError, match="'log_loss' is not known") as refused:
        bp.MLP((2, 2), loss="log_loss")
    assert "log_loss" not in str(refused.value).split("choose from")[1]
