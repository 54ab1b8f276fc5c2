"""What all threads of a block do together; each of them must call.

Strided loops are written out: Numba's ranges divide to know how often they go round.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from .compile import device_function


@device_function
def block_sum(value, scratch):
    """Sum of all threads' values, the same bits for each; ``scratch`` is shared, one number each.

    A kernel makes it: shared memory that functions make is there once for each of their callers.
    """
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
