"""Masks of dropout, as the simulator draws them."""

import numpy as np
import pytest

from bpfast.kernels import counter
from bpfast.kernels.arguments import Dropout
from bpfast.kernels.cuda import device

pytestmark = pytest.mark.cuda_simulator
if not device.problem():  # which needs numba-cuda
    from bpfast.kernels.cuda.dropout import drops_units, keeps, layer_mask


def test_masks_are_drawn_from_a_networks_key_step_and_layer():
    keys, p = counter.key(5, np.arange(3)), np.array([[0.3, 0.6], [0.5, 0.9], [0.0, 0.2]])
    positions = np.arange(200)
    for i, step, layer in ((0, 0, 0), (1, 7, 1), (2, 3, 0)):
        mask = layer_mask(Dropout(p, keys), i, step, layer)
        own = counter.branch(counter.branch(keys[i : i + 1], step), layer)
        expected = counter.keeps(own, positions, counter.least_kept(p[i, layer]))
        kept = [keeps(mask.key, position, mask.least) for position in positions]
        np.testing.assert_array_equal(kept, expected)
        assert mask.scale == 1.0 / (1.0 - p[i, layer])


def test_nothing_drops_without_dropout_or_outside_of_steps():
    keys = counter.key(5, np.arange(1))
    assert drops_units(Dropout(np.array([[0.5]]), keys), 0)
    assert not drops_units(Dropout(np.array([[0.5]]), keys), -1)
    assert not drops_units(Dropout(np.zeros((1, 0)), keys), 0)
