"""What tests of tiles share."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import MEMORY, NET
from bpfast.kernels.cpu.tiles import panels
from bpfast.kernels.cpu.tiles.layout import FLOATS, LAYOUT, WORKSPACE, Workspace, layout_of
from bpfast.kernels.task import Network


@compiled(NET, MEMORY, LAYOUT, WORKSPACE)
def _load(net, memory, layout, work):
    panels.load(net, memory, layout, work, 0)


@pytest.fixture(params=[(3, 2), (16, 17, 33), (20, 40, 5, 1)], ids=str)
def packed(request, arguments_of):
    """The arguments of kernels, a layout, and a workspace into which a network was loaded."""
    args, layers = arguments_of(request.param), request.param
    layout = layout_of(Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0), 10)
    numbers = np.zeros(layout.team_size + layout.member_size)
    floats, counters = np.zeros(FLOATS), np.zeros(24, np.int64)
    work = Workspace(numbers, floats, floats, counters, layout.team_size, 0, 1)
    _load(args.net, args.memory, layout, work)
    return args, layout, work
