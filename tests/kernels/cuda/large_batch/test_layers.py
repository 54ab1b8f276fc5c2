"""All layers of some networks, there and back, against the reference."""

from unittest.mock import patch

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_fits import random_population

import bpfast as bp
from bpfast.kernels import reference
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.large_batch import layers as module
from bpfast.kernels.cuda.large_batch.batches import InOrder
from bpfast.kernels.cuda.large_batch.layers import Layers
from bpfast.kernels.cuda.large_batch.layout import NOBODY, PIECE_ROWS
from bpfast.kernels.cuda.resident import padded, row_size, samples_on_gpu
from bpfast.kernels.task import Samples

pytestmark = pytest.mark.cuda_simulator
RNG = np.random.default_rng(8)
ROWS = PIECE_ROWS + 1
X, Y = RNG.normal(size=(ROWS, 3)), RNG.normal(size=(ROWS, 2))
MLPS = [
    bp.MLP((3, 2)),
    bp.MLP((3, 5, 2), "tanh"),
    bp.MLP((3, 2, 7, 2), ("silu", "tanh"), bias=False),
]


def layers_of(population, slots):
    parameters = padded(device.to_device(population.parameters))
    return Layers(population.mlp.network, parameters, slots, ROWS, 1, 2)


@pytest.mark.parametrize("mlp", MLPS, ids=lambda mlp: str(mlp.layers))
def test_losses_and_gradients_are_the_references(mlp):
    """Networks lie in any slots; of an empty one nothing is computed."""
    population, networks = random_population(mlp, 3), [2, 0]
    layers = layers_of(population, 3)
    layers.take(networks)
    gradient = layers.room_for_gradients(ROWS)
    assert gradient.shape == (3, 2, row_size(mlp.n_parameters))
    gradient[...] = 0.0
    layers.losses[...] = 0.0
    samples = Samples(X, Y, np.ones(ROWS))
    for _, rows in InOrder(layers, samples_on_gpu(samples)):
        layers.forward(rows)
        layers.compute_loss(rows)
        layers.backward(rows, gradient)
    losses, got = (memory.copy_to_host() for memory in (layers.losses, gradient))
    got = got.sum(axis=1)[:, : mlp.n_parameters]
    for k, i in enumerate(networks):
        loss, expected = reference.gradient(mlp.network, population.parameters[i], samples)
        assert_allclose(losses[k].sum(), loss)
        assert_allclose(got[k], expected, rtol=1e-10, atol=1e-13)
    assert losses[2].tolist() == [0.0] * len(losses[2])
    assert not got[2].any()


def test_slots_are_given_away_anew():
    layers = layers_of(random_population(MLPS[0], 5), 3)
    assert layers.nets.slots.networks.tolist() == [NOBODY] * 3
    layers.take([4, 1, 3])
    assert layers.nets.slots.networks.tolist() == [4, 1, 3]
    layers.take([2])
    assert_array_equal(layers.nets.slots.networks, [2, NOBODY, NOBODY])


def test_layers_have_one_launch_each():
    """And gradients one for all layers whose tiles are alike."""
    layers = layers_of(random_population(MLPS[2], 1), 1)
    counts = []
    with patch.object(module, "launch", lambda kernel, grid, *_: counts.append(grid)):
        layers.forward(ROWS)
        forward = len(counts)
        layers.backward(ROWS, layers.room_for_gradients(ROWS))
    assert (forward, len(counts) - forward) == (3, 2 + 2)
    assert all(grid[-1] == layers.slots for grid in counts)
