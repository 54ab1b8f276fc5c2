"""How batches are cut: into slices, which threads may share, and these into chunks."""

from __future__ import annotations

CHUNK = 128  # rows that go forward and back together in tiles: their values stay in L2
SLICE = 256  # rows for which a batch gets another slice, and so another copy of the gradient
MAX_SLICES = 32
SLICE_STEP = 8  # slices are whole multiples of so many rows


def cut(rows):
    """How many slices a batch has, and rows each; the last may be shorter.

    Sums of a batch are sums of its slices': so threads can share them, and whoever trains a network
    adds in the same order, however many threads there are.
    """
    if rows <= CHUNK:
        return 1, rows
    slices = min(MAX_SLICES, max(2, -(-rows // SLICE)))
    each = -(-rows // (slices * SLICE_STEP)) * SLICE_STEP
    return -(-rows // each), each
