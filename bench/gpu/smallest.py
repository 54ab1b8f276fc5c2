"""The smallest kernels of Numba's that say whether it works at all."""

from __future__ import annotations

from numba import cuda, float32

from ...kernels.cuda import compile

THREADS = 64
SHARED_BYTES = 100_000  # of a block: more than the 48 KiB that it gets without asking
SHARED_NUMBERS = SHARED_BYTES // 4


def _add_one(array):
    place = cuda.grid(1)
    if place < array.size:
        array[place] += 1


def _turn(array):
    """Turn a block's numbers round at the end of its shared memory."""
    shared = cuda.shared.array(0, float32)
    place = cuda.threadIdx.x
    shared[SHARED_NUMBERS - 1 - place] = array[place]
    cuda.syncthreads()
    array[place] = shared[SHARED_NUMBERS - THREADS + place]


add_one, turn = (compile.kernel(function, THREADS, 1) for function in (_add_one, _turn))
