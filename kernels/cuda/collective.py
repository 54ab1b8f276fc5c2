"""What all threads of a block do together; each of them must call.

Strided loops are written out: Numba's ranges divide to know how often they go round.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .compile import device_function

MOST_THREADS = 256  # of a block whose threads sum


@device_function
def block_sum(value):
    """Sum of all threads' values, in float64: the same bits for each thread."""
    scratch = cuda.shared.array(MOST_THREADS, np.float64)
    t, width = cuda.threadIdx.x, cuda.blockDim.x
    scratch[t] = value
    cuda.syncthreads()
    while width > 1:
        half = (width + 1) >> 1
        if t + half < width:
            scratch[t] += scratch[t + half]
        cuda.syncthreads()
        width = half
    total = scratch[0]
    cuda.syncthreads()
    return total


@device_function
def block_copy(target, source, size):
    """Copy so many numbers. The threads do not wait for each other."""
    q = cuda.threadIdx.x
    while q < size:
        target[np.uint64(q)] = source[np.uint64(q)]
        q += cuda.blockDim.x
