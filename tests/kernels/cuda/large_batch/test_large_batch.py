"""Large batch: what its bits must not depend on, predictions, and gradients of long batches."""

from itertools import pairwise

import numpy as np
import pytest
from large_fits import RNG, X, Y, assert_same, trained
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import large_batch
from bpfast.kernels.cuda.large_batch import batches, layout
from bpfast.kernels.cuda.large_batch import training as large_training
from bpfast.kernels.task import Samples
from bpfast.training import orders


@pytest.mark.cuda_simulator
@pytest.mark.gpu
class TestBits:
    """They do not depend on how much is done at a time."""

    def test_of_how_many_networks_and_where(self):
        expected = trained()
        assert_same(trained([1]), expected, [1])
        assert_same(trained([2, 0]), expected, [2, 0])

    def test_of_how_many_gpus(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(cuda.device, "gpus", lambda: (0, 0, 0))
        assert_same(trained(), expected)

    def test_of_memory(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(large_batch, "MEMORY_SHARE", 0.0)
        assert_same(trained(), expected)

    def test_of_how_many_steps_a_graph_has(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(large_training, "MOST_STEPS", 2)  # of three
        assert_same(trained(), expected)

    def test_of_how_many_epochs_a_call_has(self, monkeypatch):
        expected = trained(epochs=2)
        monkeypatch.setattr(orders, "ORDER_ROWS", 1)
        assert_same(trained(epochs=2), expected)


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_what_was_trained_so_far_is_kept_when_something_fails():
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), 2, init="torch")
    before = population.parameters.copy()

    def fail(progress):
        raise RuntimeError("a user's own")

    with pytest.raises(RuntimeError, match="a user's own"):
        bp.fit(population, X, Y, bp.SGD(), epochs=1, progress=fail)
    assert (population.parameters != before).any(axis=1).all()


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_samples_are_taken_in_chunks(monkeypatch):
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "cross_entropy"), 2, init="torch")
    y = np.arange(11) % 2
    loss, weights, biases = bp.gradients(population, X, y)
    predictions = population.predict(X)
    for module in (batches, large_batch, large_training):
        monkeypatch.setattr(module, "CHUNK", 4)
    again, *gradients = bp.gradients(population, X, y)
    assert_allclose(again, loss, rtol=1e-6)
    for some, others in zip(gradients, (weights, biases), strict=True):
        for one, other in zip(some, others, strict=True):
            assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert_array_equal(population.predict(X), predictions)


# --- gradients ------------------------------------------------------------------------------------


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.parametrize(("pieces", "more"), [(0, 3), (1, 0), (1, 1), (2, 3)])
def test_gradients_of_long_batches_are_added_up_in_pieces(pieces, more):
    """Pieces are those of the rows by themselves, added up in their order."""
    rows = pieces * layout.PIECE_ROWS + more
    network = bp.MLP((3, 2), loss="half_squared_error").network
    parameters = RNG.normal(size=(2, network.n_parameters))
    x, t = RNG.normal(size=(rows, 3)), RNG.normal(size=(rows, 2))

    def gradients(part, total):
        weights = np.full(part.stop - part.start, 1.0)
        samples = (x[part], t[part], weights)
        losses, results = large_batch.gradients(
            network, cuda.place(parameters).parts[0].rows, Samples(*map(device.to_device, samples))
        )
        results = device.to_host(results) * (len(weights) / total)
        assert (results[:, network.n_parameters :] == 0).all()
        return device.to_host(losses), results

    _, whole = gradients(slice(0, rows), rows)
    cuts = [*range(0, rows, layout.PIECE_ROWS), rows]
    parts = [gradients(slice(*cut), rows)[1] for cut in pairwise(cuts)]
    assert_allclose(whole, sum(parts), rtol=1e-12, atol=1e-15)
    assert layout.pieces(rows) == len(parts)


# --- graphs ---------------------------------------------------------------------------------------
