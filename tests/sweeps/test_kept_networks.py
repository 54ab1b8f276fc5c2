"""Files of networks: what comes back is what was kept."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.kept_networks import read_networks, write_networks

pytest.importorskip("safetensors")


def test_networks_of_several_shapes_are_in_one_file(tmp_path):
    shapes = {7: (3, 4, 2), 30: (3, 2), 4: (5, 3, 3, 2)}
    kept = {
        number: bp.Population(bp.MLP(layers, "tanh"), n=2, seed=number)
        for number, layers in shapes.items()
    }
    write_networks(tmp_path / "some.safetensors", kept)
    again = read_networks(tmp_path / "some.safetensors")
    assert again.keys() == kept.keys()
    for number, population in kept.items():
        assert again[number].mlp == population.mlp
        np.testing.assert_array_equal(again[number].parameters, population.parameters)
        np.testing.assert_array_equal(again[number].seeds, population.seeds)
