"""Each kernel of the layers by itself against NumPy's: one layer of two slots, of odd sizes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import counter

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import compile, functions
from bpfast.kernels.cuda.arguments import Dropout, Net
from bpfast.kernels.cuda.large_batch import gradient, product
from bpfast.kernels.cuda.large_batch.grids import SUM_THREADS
from bpfast.kernels.cuda.large_batch.layout import (
    NOTHING,
    PIECE_ROWS,
    Batch,
    Layer,
    Networks,
    Slots,
    pieces,
)
from bpfast.kernels.tables import ACTIVATIONS

pytestmark = pytest.mark.cuda_simulator
D_IN, D_OUT, MOST, OFFSET, ROW = 5, 3, 7, 2, 40
SLOTS, COUNTS, NETWORKS, SOURCES = 3, [7, 2, 0], [2, 0, 1], [1, 0, 0]  # the last slot is empty
TILES = pytest.mark.parametrize("tile", [product.NARROW["float64"], product.WIDE["float64"]])


class OneLayer:
    """A layer, and all that it reads and writes, full of random numbers."""

    def __init__(self, depth=1, bias=1):
        rng = np.random.default_rng(6)
        parts = [rng.normal(size=(SLOTS, MOST, width)) for width in (D_IN, D_OUT, D_IN, D_OUT)]
        work = np.concatenate([part.ravel() for part in parts])
        starts = np.cumsum([0, *(part.size for part in parts)])[:-1].tolist()
        self.layer = Layer(depth, D_IN, D_OUT, OFFSET, *starts)
        self.inputs, self.values, self.before, self.slopes = (
            work[start : start + part.size].reshape(part.shape)
            for start, part in zip(starts, parts, strict=True)
        )
        parameters = rng.normal(size=(SLOTS, ROW))
        slots = Slots(*map(np.array, (NETWORKS, [2.5, 0.0, 1.0], COUNTS, SOURCES, [4, -1, 0])))
        self.nets = Networks(Net(bias, 0.0, 0.5), MOST, ROW, parameters.ravel(), work, slots)
        self.weights = parameters[:, OFFSET:][:, : D_IN * D_OUT].reshape(SLOTS, D_IN, D_OUT)
        self.biases = bias * parameters[:, OFFSET + D_IN * D_OUT :][:, :D_OUT]

    def forward(self, activation, tile, p=()):
        dropout = Dropout(np.array([p]), counter.key(5, np.arange(1)))
        compile.launch(
            gradient.forward_kernel(activation, "float64", tile),
            (tile.cover(MOST, D_OUT), 1, SLOTS),
            product.THREADS,
            tile.shared_memory("float64"),
            *(self.layer, self.nets, dropout),
        )

    def sums(self, k):
        """What comes out of slot k's layer, before its activation."""
        source = SOURCES[k] if self.layer.depth == 0 else k
        inputs = self.inputs[source, : COUNTS[k]]
        return inputs @ self.weights[NETWORKS[k]] + self.biases[NETWORKS[k]]


def check(got, before, expected):
    """Slots have what is expected in their own rows; all else is as it was."""
    for k, rows in enumerate(COUNTS):
        assert_allclose(got[k, :rows], expected(k), rtol=1e-12, atol=1e-14)
        assert_array_equal(got[k, rows:], before[k, rows:])


@TILES
@pytest.mark.parametrize(("depth", "bias"), [(0, 1), (1, 0), (1, 1)])
def test_values_of_a_hidden_layer(tile, depth, bias):
    """The first layer's inputs are those of a fold, the others' those of a slot."""
    one, tanh = OneLayer(depth, bias), ACTIVATIONS["tanh"]
    values, slopes = one.values.copy(), one.slopes.copy()
    one.forward(tanh, tile)
    check(one.values, values, lambda k: np.tanh(one.sums(k)))
    check(one.slopes, slopes, lambda k: 1.0 - np.tanh(one.sums(k)) ** 2)


@TILES
def test_values_of_the_last_layer(tile):
    one = OneLayer()
    values, slopes = one.values.copy(), one.slopes.copy()
    one.forward(None, tile)
    assert_array_equal(one.values, values)
    check(one.slopes, slopes, one.sums)


@TILES
def test_units_that_are_dropped(tile):
    """Slot 0 has step 4 of the fit; slot 1 is outside of steps, and keeps all."""
    one, softplus, p = OneLayer(), ACTIVATIONS["softplus"], 0.6
    values, slopes = one.values.copy(), one.slopes.copy()
    keys = counter.branch(counter.branch(counter.key(5, np.arange(1)), 4), 1)
    kept = counter.keeps(keys, np.arange(MOST * D_OUT), counter.least_kept(p))
    assert 0 < kept.sum() < kept.size
    factors = [kept.reshape(MOST, D_OUT) / (1.0 - p), 1.0, 1.0]
    one.forward(softplus, tile, p=(0.0, p))
    check(one.values, values, lambda k: factors[k] * np.log1p(np.exp(one.sums(k))))
    check(one.slopes, slopes, lambda k: factors[k] / (1.0 + np.exp(-one.sums(k))))


@TILES
def test_slopes_on_the_way_back(tile):
    one = OneLayer()
    before = one.before.copy()
    compile.launch(
        gradient.backward_kernel("float64", tile),
        (tile.cover(MOST, D_IN), 1, SLOTS),
        product.THREADS,
        tile.shared_memory("float64"),
        *(one.layer, one.nets),
    )

    def expected(k):
        rows = slice(COUNTS[k])
        return before[k, rows] * (one.slopes[k, rows] @ one.weights[NETWORKS[k]].T)

    check(one.before, before, expected)


@TILES
@pytest.mark.parametrize(("depth", "bias"), [(0, 1), (1, 0), (1, 1)])
def test_gradients_in_pieces_of_rows(tile, depth, bias):
    one = OneLayer(depth, bias)
    results = np.full((SLOTS, pieces(MOST), ROW), np.nan)
    compile.launch(
        gradient.gradient_kernel("float64", tile),
        (tile.cover(D_IN, D_OUT), pieces(MOST), SLOTS),
        product.THREADS,
        tile.shared_memory("float64"),
        *(np.array([(0, *one.layer)]), one.nets, results),
    )
    expected = np.full_like(results, np.nan)
    end = OFFSET + D_IN * D_OUT
    for k, rows in enumerate(COUNTS):
        inputs = one.inputs[SOURCES[k] if depth == 0 else k]
        for piece in range(pieces(rows)):
            part = slice(piece * PIECE_ROWS, min(rows, (piece + 1) * PIECE_ROWS))
            slopes = one.slopes[k, part]
            expected[k, piece, OFFSET:end] = (inputs[part].T @ slopes).ravel()
            if bias:
                expected[k, piece, end : end + D_OUT] = slopes.sum(axis=0)
    assert_allclose(results, expected, rtol=1e-12, atol=1e-14)


def test_losses_are_added_up_by_blocks():
    """Slot 1's rows weigh nothing: they have no loss, and no slope."""
    one, rng = OneLayer(), np.random.default_rng(7)
    targets, weights = rng.normal(size=(2, MOST, D_OUT)), rng.random((2, MOST))
    blocks = -(-MOST // SUM_THREADS)
    losses, slopes = np.full((SLOTS, blocks), np.nan), one.slopes.copy()
    spec = functions.functions(bp.MLP((D_IN, D_OUT), loss="mse").network, "sgd", "float64")
    batch = Batch(one.nets.work, targets, weights)
    grid, threads = (blocks, SLOTS), SUM_THREADS
    compile.launch(gradient.loss_kernel(spec), grid, threads, 0, one.layer, one.nets, batch, losses)
    share = 0.5 * weights[1] / 2.5  # of outputs, and of the batch's weight
    errors = slopes[0] - targets[1]
    check(one.slopes, slopes, lambda k: [2.0 * errors * share[:, None], 0.0, 0.0][k])
    of_rows = share * (errors**2).sum(axis=1)
    starts = range(0, MOST, SUM_THREADS)
    assert_allclose(losses[0], np.add.reduceat(of_rows, starts))
    assert losses[1, 0] == 0.0
    assert np.isnan(losses[1, 1:]).all()
    assert np.isnan(losses[2]).all()


def test_tiles_that_share_rows_follow_each_other():
    starts = [tuple(map(int, gradient.tile_start(block, 5, 4, 2))) for block in range(6)]
    assert starts == [(0, 0), (0, 2), (0, 4), (4, 0), (4, 2), (4, 4)]


def test_blocks_belong_to_the_layer_whose_tiles_they_are():
    layers = [Layer(depth, 5, 3, depth, 0, 0, NOTHING, 0) for depth in range(3)]
    table = np.array([(before, *layer) for before, layer in zip((0, 3, 4), layers, strict=True)])
    found = [gradient.layer_of(table, block) for block in range(6)]
    assert found == [(0, layers[0])] * 3 + [(3, layers[1])] + [(4, layers[2])] * 2
