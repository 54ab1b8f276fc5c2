"""Where the numbers of many networks' layers lie."""

from itertools import pairwise

import pytest

import bpfast as bp

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.large_batch.layout import NOTHING, layers_of, numbers_of_a_slot, pieces

MOST, SLOTS, FOLDS = 7, 3, 2


def test_nothing_overlaps():
    network = bp.MLP((5, 4, 3, 2), "tanh").network
    layers, size = layers_of(network, SLOTS, MOST, FOLDS)
    spans = [(layers[0].inputs, FOLDS * MOST * 5)]
    for layer in layers:
        starts = {layer.values, layer.slopes} - {NOTHING}
        spans.extend((start, SLOTS * MOST * layer.d_out) for start in starts)
    spans.sort()
    ends = [start + length for start, length in spans]
    assert [start for start, _ in spans] == [0, *ends[:-1]]
    assert size == ends[-1]


def test_what_comes_out_of_a_layer_goes_into_the_next():
    layers, _ = layers_of(bp.MLP((5, 4, 3, 2), "tanh").network, SLOTS, MOST, FOLDS)
    assert [layer.depth for layer in layers] == [0, 1, 2]
    for layer, following in pairwise(layers):
        assert (layer.values, layer.slopes) == (following.inputs, following.before)
    assert (layers[0].before, layers[-1].values) == (NOTHING, NOTHING)


def test_a_slot_needs_values_slopes_and_gradients():
    network = bp.MLP((5, 4, 2), "tanh").network  # whose 34 parameters take 64 numbers
    assert numbers_of_a_slot(network, MOST, MOST) == MOST * (4 + 4 + 2) + pieces(MOST) * 64
