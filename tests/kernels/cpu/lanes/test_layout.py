"""Where the numbers of a group of networks lie."""

from itertools import pairwise

import numpy as np
import pytest

from bpfast.kernels.cpu.lanes.layout import (
    FEWEST_ROWS,
    GROUP_PARAMETERS,
    MOST_LANES,
    MOST_ROWS,
    group_bounds,
    group_size,
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
    parts += [(int(layout.values[0]), rows * (layers[0] + 1))]
    for width, values, slopes in zip(layers[1:], layout.values[1:], layout.slopes[1:], strict=True):
        parts += [(int(start), rows * lanes * (width + 1)) for start in (values, slopes)]
    ends = [0]
    for start, size in sorted(parts):
        assert start % LANES == 0
        assert start >= ends[-1]
        ends.append(start + size)
    assert ends[-1] <= layout.size
    assert FEWEST_ROWS <= rows <= MOST_ROWS


def test_only_the_tiniest_share_more_than_a_vector():
    tiny, large = network(2, 2, 1), network(30, 30, 1)
    assert group_size(tiny, 1000) == MOST_LANES
    assert group_size(tiny, 20) == 2 * LANES
    assert group_size(tiny, 1) == group_size(large, 1000) == LANES
    for size in range(1, 30):
        one = network(size, size, 1)
        lanes = group_size(one, 1000)
        assert lanes == LANES or one.n_parameters * lanes <= GROUP_PARAMETERS


def test_a_group_has_one_fold():
    networks, fold = np.arange(3, 50), np.arange(50) // 20
    bounds = group_bounds(fold, networks, 16)
    np.testing.assert_array_equal(bounds, [0, 16, 17, 33, 37, 47])
    assert all(np.ptp(fold[networks[a:b]]) == 0 for a, b in pairwise(bounds))
    same = np.broadcast_to(np.zeros(1, int), 50)
    np.testing.assert_array_equal(group_bounds(same, networks, 16), [0, 16, 32, 47])
