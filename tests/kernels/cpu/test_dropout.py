"""Masks of dropout."""

import numpy as np
from numba import njit

from bpfast.kernels import counter
from bpfast.kernels.arguments import Dropout
from bpfast.kernels.cpu.dropout import layer_mask, mask_factor


@njit
def factors(dropout, i, step, layer, size):
    mask = layer_mask(dropout, i, step, layer)
    return np.array([mask_factor(mask, position) for position in range(size)])


def test_factors_are_drawn_from_a_networks_key_step_and_layer():
    keys, p = counter.key(5, np.arange(3)), np.array([[0.3, 0.6], [0.5, 0.9], [0.0, 1.0]])
    for i, step, layer in ((0, 0, 0), (1, 7, 1), (2, 3, 0)):
        got = factors(Dropout(p, keys), i, step, layer, 500)
        own = counter.branch(counter.branch(keys[i : i + 1], step), layer)
        draws = counter.uniform24(own, np.arange(500, dtype=np.uint64))
        np.testing.assert_array_equal(got, (draws >= p[i, layer]) / (1.0 - p[i, layer]))
    assert not factors(Dropout(p, keys), 2, 0, 1, 50).any()


def test_one_row_counts_for_all_networks():
    keys, p = counter.key(5, np.arange(3)), np.array([[0.5]])
    got = [factors(Dropout(p, keys), i, 0, 0, 100) for i in range(3)]
    assert all(0 < np.count_nonzero(one) < 100 for one in got)
    assert not np.array_equal(got[0], got[1])
