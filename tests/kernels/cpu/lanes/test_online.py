"""Which networks take online steps."""

from itertools import product

import numpy as np
from online_fits import train

import bpfast as bp
from bpfast.kernels.cpu.lanes.online import MOST_UNITS, table_index
from bpfast.kernels.task import Network


def test_weights_that_do_not_count_fully_are_trained_as_others_are(monkeypatch):
    """A sample of weight 49 counts 49 * (1 / 49) in its batch, which is less than 1 in float64."""
    mlp, weights = bp.MLP((2, 2, 1), "identity", "mse"), np.array([1.0, 49.0, 3.0, 2.0, 1.0])
    options = {"optimizer": bp.SGD(), "epochs": 3, "sample_weight": weights}
    assert all(train(monkeypatch, True, mlp, options, 3, 5, "float32")[2])
    assert not any(train(monkeypatch, True, mlp, options, 3, 5, "float64")[2])
    weights[2] = 0.0  # where a loss is infinite, 0 times it ends a network
    assert not any(train(monkeypatch, True, mlp, options, 3, 5, "float32")[2])


def test_each_architecture_has_a_place_of_its_own_in_the_table():
    sizes, either = range(1, MOST_UNITS + 1), (False, True)
    indices = [
        table_index(Network((inputs, hidden, 1), bias, ("relu",), "mse", 0.0), plain)
        for inputs, hidden, bias, plain in product(sizes, sizes, either, either)
    ]
    assert indices == list(range(4 * MOST_UNITS**2))
