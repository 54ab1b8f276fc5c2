"""Where the numbers of a network lie."""

import numpy as np
import pytest

from bpfast.kernels.cpu.processor import LANES
from bpfast.kernels.cpu.slices import SLICE, cut
from bpfast.kernels.cpu.tiles.layout import layout_of
from bpfast.kernels.task import Network


@pytest.mark.parametrize("layers", [(1, 1), (15, 16, 17), (3, 40, 5, 33)])
def test_parts_have_room_and_do_not_overlap(layers):
    batch = 3 * SLICE
    layout = layout_of(Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0), batch)
    size = layout.weights[-1]
    panels = [-(-width // LANES) * LANES for width in layers[1:]]
    depths = [width + 1 for width in layers[:-1]]
    np.testing.assert_array_equal(np.diff(layout.weights), np.multiply(depths, panels))
    assert layout.moments >= size
    assert layout.snapshot >= layout.moments + 2 * size
    assert layout.gradient >= layout.snapshot + size
    assert layout.team_size >= layout.gradient + cut(batch)[0] * size
    own = [*layout.values, *layout.slopes, *layout.transposed, layout.loss, layout.coefficients]
    assert own == sorted(own)
    assert own[-1] < layout.member_size
    for width, stride in zip(layers, layout.strides, strict=True):
        assert stride >= width + 1
        assert stride % LANES == 0
