"""Arrays on the host and on GPUs, told apart by the protocols that libraries share."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from .kernels.task import Samples

CUDA, CUDA_MANAGED = 2, 13  # DLPack's codes of devices


def on_gpu(values: Any) -> bool:
    """Whether values are an array of CuPy, PyTorch, JAX, Numba, ... that lies on a CUDA GPU."""
    if isinstance(values, np.ndarray):
        return False
    if hasattr(values, "__dlpack_device__"):
        return values.__dlpack_device__()[0] in (CUDA, CUDA_MANAGED)
    return hasattr(values, "__cuda_array_interface__")


def as_array(values: Any) -> Any:
    """Values as a CuPy array where they lie on a GPU, and else as NumPy's; the same memory."""
    if not on_gpu(values):
        return np.asarray(values)
    import cupy

    direct = hasattr(values, "__cuda_array_interface__")
    return cupy.asarray(values) if direct else cupy.from_dlpack(values)


def module_of(array: Any) -> ModuleType:
    """NumPy, or CuPy where the array is on a GPU."""
    if isinstance(array, np.ndarray):
        return np
    import cupy

    return cupy


def to_host(array: Any) -> np.ndarray:
    """An array of :func:`as_array` as NumPy's."""
    return array if isinstance(array, np.ndarray) else array.get()


def samples_on_host(samples: Samples) -> Samples:
    """Samples where a CPU can read them."""
    if all(isinstance(array, np.ndarray) for array in vars(samples).values()):
        return samples
    parts = {name: to_host(array) for name, array in vars(samples).items()}
    return replace(samples, **parts)
