"""The machine's own limit: how fast its BLAS multiplies matrices."""

from __future__ import annotations

import time

import numpy as np

SIZE, RUNS = 2048, 7


def matrix_peak(dtype: str = "float32") -> float:
    """Floating-point operations a second of NumPy's product of two square matrices, best of some.

    BLAS uses as many threads as it does by default.
    """
    a = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(dtype)
    b = a.T.copy()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2.0 * SIZE**3 / min(times)
