"""Masks of dropout."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels import counter
from bpfast.kernels.arguments import Dropout
from bpfast.kernels.cpu.arguments import DROPOUT
from bpfast.kernels.cpu.dropout import MASK, advance, apply_mask, set_mask
from bpfast.kernels.cpu.simd import LANES

COUNT, STRIDE = 3, 2 * LANES  # vectors of values, each with its slopes behind it
VALUE, SLOPE, SIZE, BEFORE = MASK, MASK + LANES, MASK + COUNT * STRIDE, 40

pytestmark = pytest.mark.xdist_group("dropout")  # compiled once


@compiled("real[:]", DROPOUT, "int64[:]", "int64", "int64", "int64")
def apply(numbers, dropout, networks, step, layer, ahead):
    for lane in range(LANES):
        set_mask(numbers, 0, lane, dropout, networks[lane], step, layer, BEFORE + lane)
    apply_mask(numbers, VALUE, SLOPE, COUNT, STRIDE, 0, advance(ahead), advance(LANES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_lane_draws_from_its_networks_key_step_and_layer(dtype):
    keys, p = counter.key(5, np.arange(3)), np.array([[0.3, 0.6], [0.5, 0.9], [0.0, 0.2]])
    networks, kept = np.arange(LANES) % 3, 0
    for step, layer, ahead in ((0, 0, 0), (7, 1, 3), (3, 0, 2**33 + 1000)):
        numbers = np.full(SIZE, 3.0, dtype)
        apply(numbers, Dropout(p, keys), networks, step, layer, ahead, dtype=dtype)
        own = counter.branch(counter.branch(keys, step), layer)[networks]
        chance = p[networks, layer]
        position = BEFORE + ahead + np.arange(COUNT * LANES).reshape(COUNT, LANES)
        stays = counter.keeps(own, position, counter.least_kept(chance))
        expected = np.where(stays, 3.0 / (1.0 - chance), 0.0)
        for part in np.moveaxis(numbers[VALUE:].reshape(COUNT, 2, LANES), 1, 0):
            np.testing.assert_allclose(part, expected, rtol=1e-6)
        kept += stays.sum()
    assert 0 < kept < 9 * LANES


def test_one_row_counts_for_all_networks():
    keys, p = counter.key(5, np.arange(3)), np.array([[0.5]])
    numbers = np.ones((3, SIZE))
    for i in range(3):
        apply(numbers[i], Dropout(p, keys), np.full(LANES, i), 0, 0, 0)
    assert all(0 < np.count_nonzero(one[VALUE:]) < SIZE - VALUE for one in numbers)
    assert not np.array_equal(numbers[0, SLOPE:], numbers[1, SLOPE:])
