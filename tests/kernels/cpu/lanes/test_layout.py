"""Where the numbers of a group of networks lie."""

import pytest

from bpfast.kernels.cpu.lanes.grouping import MOST_LANES
from bpfast.kernels.cpu.lanes.layout import (
    FEWEST_ROWS,
    MOST_ROWS,
    layout_of,
)
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import Network


def network(*layers):
    return Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0)


@pytest.mark.parametrize("layers", [(1, 1), (2, 2, 1), (17, 33, 5, 3)])
@pytest.mark.parametrize("lanes", [LANES, MOST_LANES])
def test_parts_have_room_and_do_not_overlap(layers, lanes):
    tiny = network(*layers)
    layout = layout_of(tiny, lanes)
    numbers, rows = tiny.n_parameters * lanes, layout.chunk_rows
    parts = [(int(start), numbers) for start in (layout.gradient, *layout.moments, layout.snapshot)]
    parts += [(int(layout.weights[0]), numbers)]
    parts += [(int(layout.values[0]), max(rows, layout.own_rows * lanes) * (layers[0] + 1))]
    parts += [(int(layout.waiting), 3 * numbers)]
    for width, values, slopes in zip(layers[1:], layout.values[1:], layout.slopes[1:], strict=True):
        parts += [(int(start), rows * lanes * (width + 1)) for start in (values, slopes)]
    ends = [0]
    for start, size in sorted(parts):
        assert start % LANES == 0
        assert start >= ends[-1]
        ends.append(start + size)
    assert ends[-1] <= layout.size
    assert FEWEST_ROWS <= layout.own_rows <= rows <= MOST_ROWS
    assert layout.own_rows % FEWEST_ROWS == 0
