"""What Numba's simulator needs of a process, so that kernels end soon and right."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np


def prepare() -> None:
    """Let a block's threads take turns at once, and share their arrays."""
    sys.setswitchinterval(1e-6)  # they wait for each other all the time
    _share_arrays()


def _share_arrays() -> None:
    """Threads that ask for an array at the same time would get one each (numba-cuda 0.30)."""
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    dynamic, lock = FakeCUDAShared.array, threading.Lock()

    def array(self: Any, shape: Any, dtype: Any, alignment: Any = None) -> np.ndarray:
        if shape == 0:
            return dynamic(self, shape, dtype)
        asking = sys._getframe(1)
        with lock:
            line = asking.f_code, asking.f_lineno
            return self._allocations.setdefault(line, np.empty(shape, dtype))

    FakeCUDAShared.array = array
