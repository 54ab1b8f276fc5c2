"""bpfast.explaining.network: networks in JSON files, and what is refused."""

import json

import pytest
from explanations import tutorial

from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL, read_network

NETWORK = {
    "layers": [2, 2, 1],
    "activation": "identity",
    "loss": "half_squared_error",
    "bias": False,
    "weights": TUTORIAL["weights"],
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
