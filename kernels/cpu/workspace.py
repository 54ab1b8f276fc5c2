"""Memory that kernels work in: one flat array a thread, parts of it at whole vectors."""

from __future__ import annotations

import numpy as np

from .simd import LANES

CACHE_LINE = 64


class Places:
    """Hands out places one after the other, each at the beginning of a vector."""

    def __init__(self) -> None:
        self.end = 0

    def __call__(self, size: int) -> int:
        start = self.end
        self.end += up(size)
        return start


def up(size: int) -> int:
    """The next multiple of a vector's length."""
    return -(-size // LANES) * LANES


def zeros(size: int, dtype) -> np.ndarray:
    """Zeros that begin with a cache line, so that no vector lies across two."""
    dtype = np.dtype(dtype)
    array = np.zeros(size + CACHE_LINE // dtype.itemsize, dtype)
    start = -array.ctypes.data % CACHE_LINE // dtype.itemsize
    return array[start : start + size]
