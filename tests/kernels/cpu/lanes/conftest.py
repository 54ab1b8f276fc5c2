"""What tests of lanes share."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import MEMORY
from bpfast.kernels.cpu.lanes.group import assign, load
from bpfast.kernels.cpu.lanes.layout import LAYOUT, WORKSPACE, layout_of, workspace_of
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import Network


@compiled(MEMORY, "int64[:]", LAYOUT, WORKSPACE)
def _enter(memory, networks, layout, work):
    assign(work, networks, 0, networks.size)
    load(memory, layout, work)


@pytest.fixture
def lanes_of():
    """Brings networks into the lanes of a group: their layout, and the workspace."""

    def enter(args):
        layers = tuple(args.net.layers.tolist())
        layout = layout_of(Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0), LANES)
        work = workspace_of(layout, LANES, 32, np.float64, np.zeros(24, np.int64))
        _enter(args.memory, args.networks, layout, work)
        return layout, work

    return enter
