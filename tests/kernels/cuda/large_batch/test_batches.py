"""Batches as the large batch gathers them, and sums over their rows."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import functions
from bpfast.kernels.cuda.arguments import data
from bpfast.kernels.cuda.large_batch import batches
from bpfast.kernels.cuda.large_batch.grids import over_elements, over_rows, over_sums
from bpfast.kernels.cuda.large_batch.layers import Layers
from bpfast.kernels.cuda.large_batch.layout import NOBODY, PIECE_ROWS
from bpfast.kernels.task import DIVERGED, RUNNING, STOPPED, Samples

pytestmark = pytest.mark.cuda_simulator
RNG = np.random.default_rng(4)
X, Y, WEIGHTS = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2)), RNG.random(7)
ORDER, START, SIZE = np.array([4, 0, 6, 1, 2, 5, 3, 0]), np.array([0, 5, 8]), 3
UNTOUCHED = -7.0


def samples():
    return Samples(*map(device.to_device, (X, Y, WEIGHTS)))


def room(slots, most, folds=1, loss="mse"):
    """Layers whose batches hold what no sample has."""
    network = bp.MLP((3, 4, 2), "tanh", loss).network
    parameters = device.array_module().zeros((9, 64))
    layers = Layers(network, parameters, slots, most, folds, 2)
    for memory in layers.batch:
        memory[...] = UNTOUCHED
    return layers


def rows_of(layers):
    """Inputs, targets and weights of a batch, (folds, most, ...)."""
    inputs, targets, weights = layers.batch
    inputs = inputs[: weights.size * X.shape[1]].reshape(*weights.shape, X.shape[1])
    return inputs, targets, weights


def check_batch(layers, fold, expected):
    """A fold's rows are samples in the order expected; what is behind them is as it was."""
    rows = len(expected)
    for got, array in zip(rows_of(layers), (X, Y, WEIGHTS), strict=True):
        assert_array_equal(got[fold, :rows], array[expected])
        assert (got[fold, rows:] == UNTOUCHED).all()


def folds(**changes):
    given = {"order": ORDER, "start": START, "of_network": np.array([0]), "batch_size": SIZE}
    return batches.Folds(**given | {"totals": np.arange(4.0).reshape(2, 2)} | changes)


def gathered(number, networks, status, **changes):
    """Layers after gathering a batch by its number, in epoch 5."""
    layers = room(len(networks), SIZE, folds=2)
    slots = layers.nets.slots
    slots.networks[...] = networks
    slots.counts[...] = UNTOUCHED
    epoch, stopping = SimpleNamespace(clock=[5, number]), SimpleNamespace(status=status)
    arguments = folds(**changes), epoch, stopping, data(samples()), layers.batch, slots
    over_rows(batches.gather, SIZE, *arguments, folds=2)
    return layers


@pytest.mark.parametrize(
    ("number", "first", "second"), [(0, [4, 0, 6], [5, 3, 0]), (1, [1, 2], []), (2, [], [])]
)
def test_every_fold_has_its_rows_in_the_order_given(number, first, second):
    layers = gathered(number, [0], [RUNNING])
    check_batch(layers, 0, first)
    check_batch(layers, 1, second)
    assert layers.nets.slots.counts.tolist() == [len(first)]


def test_slots_have_the_batch_of_their_networks_fold():
    """Fold 0 has two batches, fold 1 has one."""
    networks, of_network = [3, 1, 0], np.array([1, 0, 0, 0])
    for number, counts in ((0, [3, 3, 3]), (1, [2, 2, 0])):
        slots = gathered(number, networks, [RUNNING] * 4, of_network=of_network).nets.slots
        assert slots.counts.tolist() == counts
        assert slots.sources[:2].tolist() == [0, 0]
        assert slots.steps[:2].tolist() == [5 * 2 + number] * 2
        assert slots.totals[:2].tolist() == [number] * 2
        if number == 0:
            assert (slots.sources[2], slots.steps[2], slots.totals[2]) == (1, 5 * 1, 2.0)


def test_who_does_not_run_has_no_batch():
    networks = [0, 1, 2, NOBODY, 3]
    slots = gathered(0, networks, [RUNNING, STOPPED, DIVERGED, RUNNING]).nets.slots
    assert slots.counts.tolist() == [3, 0, 0, 0, 3]


def test_the_weights_of_batches_are_those_of_their_rows():
    totals = np.full((2, 2), UNTOUCHED)
    over_sums(batches.weigh_batches, 2, folds(totals=totals), data(samples()), across=2)
    expected = [[4, 0, 6], [1, 2]], [[5, 3, 0], []]
    assert_allclose(totals, [[WEIGHTS[rows].sum() for rows in fold] for fold in expected])


@pytest.mark.parametrize("most", [3, 7, 9])
def test_samples_come_in_their_own_order_in_chunks(most):
    layers = room(3, most)
    layers.take([2, 5])
    chunks = batches.InOrder(layers, samples())
    chunks.chosen[1] = 0
    rows = list(range(len(X)))
    expected = [rows[start : start + most] for start in range(0, len(X), most)]
    for (start, count), chunk in zip(chunks, expected, strict=True):
        assert (start, count) == (chunk[0], len(chunk))
        for got, array in zip(rows_of(layers), (X, Y, WEIGHTS), strict=True):
            assert_array_equal(got[0, :count], array[chunk])
        slots = layers.nets.slots
        assert slots.counts.tolist() == [count, 0, 0]  # of one chosen, one not, and nobody
        assert slots.steps.tolist() == [-1] * 3
        assert_allclose(slots.totals, [WEIGHTS.sum()] * 3)


def test_losses_of_slots_with_rows_are_added():
    slots = SimpleNamespace(counts=[5, 0, 1])
    losses, results = RNG.random((3, 3)), np.array([1.0, 2.0, 3.0])
    over_sums(batches.add_losses, 3, slots, losses, results)
    blocks = -(-5 // batches.SUM_THREADS)
    assert_allclose(results, [1.0 + losses[0, :blocks].sum(), 2.0, 3.0 + losses[2, 0]])


def test_gradients_of_slots_with_rows_are_added_to_their_networks():
    slots = SimpleNamespace(counts=[PIECE_ROWS + 1, 0, PIECE_ROWS], networks=[2, 1, 0])
    gradient, results = RNG.random((3, 2, 5)), np.ones((3, 6))
    over_elements(batches.add_gradients, 5, slots, 5, gradient, results, slots=3)
    expected = np.ones((3, 6))
    expected[2, :5] += gradient[0].sum(axis=0)  # two pieces
    expected[0, :5] += gradient[2, 0]
    assert_allclose(results, expected)


def test_predictions_are_those_of_slots_with_rows():
    layers = room(2, 5, loss="cross_entropy")
    last, nets, rows = layers.layers[-1], layers.nets, 5
    z = RNG.normal(size=(2, rows, 2))
    nets.work[last.slopes : last.slopes + z.size] = z.ravel()
    nets.slots.networks[...], nets.slots.counts[...] = [1, 0], [3, 0]
    spec = functions.functions(layers.network, "sgd", "float64")
    results = np.zeros((2, 9, 2))
    over_elements(batches.predict_kernel(spec), rows, 4, last, nets, results, slots=2)
    expected = np.zeros_like(results)
    expected[1, 4:7] = np.exp(z[0, :3]) / np.exp(z[0, :3]).sum(axis=1, keepdims=True)
    assert_allclose(results, expected)
