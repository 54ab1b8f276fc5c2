"""Where one network's numbers lie in the workspace of a thread, or of a team of threads.

A layer's matrix, with the biases as a last row that belongs to an input of 1, is cut into *panels*
of LANES outputs, padded with zeros. A team works on these together. What a member needs for its
chunk of rows is its own.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...math import N_COEFFICIENTS
from ...task import ARCHITECTURES, Network
from ..processor import LANES
from ..slices import CHUNK, cut
from ..structs import Struct
from ..workspace import MASK, OPTIMIZER_ROWS, REPEAT, SCRATCH, Arena, round_up

SUSPECT = 3  # status of a network whose epochs are run again, carefully: a number was not finite

# In a member's float64 numbers, after those of its optimiser: sums of squares of the gradient by
# their lanes, of all panels and of one with padding.
SQUARES = round_up(OPTIMIZER_ROWS)
PANEL_SQUARES = SQUARES + LANES
FLOATS = PANEL_SQUARES + LANES


class Layout(NamedTuple):
    """Where parts of the workspace begin; those of a member are counted from its own begin on."""

    blocks: np.ndarray  # (layers,) panels across a layer's outputs
    strides: np.ndarray  # (layers + 1,) numbers from a row of values to the next
    values: np.ndarray  # (layers + 1,) a member's inputs, hidden values, outputs
    slopes: np.ndarray  # (layers + 1,) a member's slopes, then deltas, of hidden layers
    transposed: np.ndarray  # (layers,) a member's transposed weights
    loss: int  # a member's outputs (unit, row), targets, weights, losses, the loss's scratch
    coefficients: int  # a member's (N_COEFFICIENTS, REPEAT)
    mask: int  # a member's
    member_size: int
    weights: np.ndarray  # (layers + 1,) the team's panels, from 0 on; last: their size
    moments: int  # the team's, two copies of the panels' size
    snapshot: int  # the team's
    gradient: int  # the team's, a copy for each slice
    team_size: int


class Workspace(NamedTuple):
    """What a thread works in, alone or as a member of a team."""

    numbers: np.ndarray  # of the network's dtype: the team's, then each member's
    losses: np.ndarray  # (MAX_SLICES,) float64, the team's
    optimizer: np.ndarray  # (FLOATS,) float64, the member's
    counters: np.ndarray  # of the team
    own: int  # where the member's numbers begin
    member: int
    team: int  # how many members there are


LAYOUT = Struct(
    Layout,
    remembered=ARCHITECTURES,
    blocks="int64[:]",
    strides="int64[:]",
    values="int64[:]",
    slopes="int64[:]",
    transposed="int64[:]",
    loss="int64",
    coefficients="int64",
    mask="int64",
    member_size="int64",
    weights="int64[:]",
    moments="int64",
    snapshot="int64",
    gradient="int64",
    team_size="int64",
)
WORKSPACE = Struct(
    Workspace,
    numbers="real[:]",
    losses="float64[:]",
    optimizer="float64[:]",
    counters="int64[:]",
    own="int64",
    member="int64",
    team="int64",
)


@lru_cache(maxsize=ARCHITECTURES)
def layout_of(network: Network, batch_size: int) -> Layout:
    """Layout for a network's batches of at most ``batch_size`` rows."""
    widths, bias = network.layers, int(network.bias)
    blocks = [-(-width // LANES) for width in widths[1:]]
    strides = [round_up(widths[0] + bias)] + [
        max(block * LANES, round_up(width + bias))
        for block, width in zip(blocks, widths[1:], strict=True)
    ]
    own, team = Arena(), Arena()
    values = [own.reserve(CHUNK * stride) for stride in strides]
    slopes = [own.reserve(CHUNK * stride) for stride in strides]
    transposed = [
        own.reserve(round_up(d_in) * d_out + LANES * LANES) for d_in, d_out in pairwise(widths)
    ]
    loss = own.reserve(CHUNK * (blocks[-1] * LANES + 2 * widths[-1] + 2 + SCRATCH))
    coefficients, mask = own.reserve(N_COEFFICIENTS * REPEAT), own.reserve(MASK)
    weights = [
        team.reserve((d_in + bias) * block * LANES)
        for d_in, block in zip(widths[:-1], blocks, strict=True)
    ]
    size = team.size
    moments, snapshot = team.reserve(2 * size), team.reserve(size)
    gradient = team.reserve(size * cut(batch_size)[0])
    return Layout(
        blocks=np.array(blocks),
        strides=np.array(strides),
        values=np.array(values),
        slopes=np.array(slopes),
        transposed=np.array(transposed),
        loss=loss,
        coefficients=coefficients,
        mask=mask,
        member_size=own.size,
        weights=np.array([*weights, size]),
        moments=moments,
        snapshot=snapshot,
        gradient=gradient,
        team_size=team.size,
    )
