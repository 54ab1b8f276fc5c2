"""Kernels are compiled and launched here, for a GPU and for the simulator."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numba import cuda

from . import device
from .disk_cache import DiskCache

_one_at_a_time = threading.Lock()


def device_function(function: Callable) -> Callable:
    """A function that becomes part of the kernels that call it.

    The simulator calls it as plain Python unless it uses ``cuda``, which the simulator replaces.
    """
    if device.simulated():
        return cuda.jit(device=True)(function) if "cuda" in function.__code__.co_names else function
    return cuda.jit(device=True, forceinline=True)(function)


def kernel(function: Callable, most_threads: int, blocks: int) -> Any:
    """A kernel for blocks of up to so many threads, kept on disk when it is compiled.

    Threads get as many registers as leave room for so many blocks on a multiprocessor. Optimisation
    at link time is off: a kernel's PTX holds all that it calls, which would be compiled twice.
    """
    if device.simulated():
        return cuda.jit(function)
    _know_arrays()
    # numba-cuda 0.30 forgets ``lto`` where the function comes in a second call
    made = cuda.jit(function, launch_bounds=(most_threads, blocks), lto=False)
    made._cache = DiskCache(made)  # private: Numba has no other place for a cache of one's own
    return made


@cache
def _know_arrays() -> None:
    """Let numba-cuda learn NumPy's functions, which it does when it first compiles.

    Up to 0.30 it asks for ``np.row_stack``, which NumPy 2.5 no longer has; kernels do not use it.
    """
    if hasattr(np, "row_stack"):
        return
    # a function of its own: vstack has its overload
    vars(np)["row_stack"] = lambda rows: np.vstack(rows)
    try:
        importlib.import_module("numba.cuda.np.arrayobj")
    finally:
        del vars(np)["row_stack"]


def launch(kernel: Any, grid: Any, threads: Any, shared_memory: int, *arguments: Any) -> None:
    """Start a kernel on the current stream with so many bytes of dynamic shared memory.

    A kernel's first launch on a GPU compiles or loads it, so that one cannot be part of a graph.
    """
    sizes = grid, threads, device.stream(), shared_memory
    if device.simulated():
        # configured anew in each replay of a graph: a simulated kernel keeps one configuration
        most = device.properties().shared_memory_per_block_optin
        asked = grid, threads, shared_memory
        device.array_module().launch(kernel, asked, most, lambda: kernel[sizes](*arguments))
    else:
        _configured(kernel, *sizes)(*arguments)


@lru_cache(maxsize=1024)
def _configured(kernel: Any, *sizes: Any) -> Any:
    """A kernel with some sizes, without Numba's hint that small grids leave a GPU idle."""
    from numba.cuda.core import config

    with _one_at_a_time:
        before = config.CUDA_LOW_OCCUPANCY_WARNINGS
        config.CUDA_LOW_OCCUPANCY_WARNINGS = 0
        try:
            result = kernel[sizes]
        finally:
            config.CUDA_LOW_OCCUPANCY_WARNINGS = before
    if result.sharedmem:
        result.pre_launch_callbacks[:] = [ask_for_shared_memory]
    return result


def ask_for_shared_memory(kernel: Any, _configured: Any) -> None:
    """Numba calls it before launches, since it sets neither limit nor carve-out by itself."""
    _ask_once(kernel._codelibrary.get_cufunc())  # private: the driver's handle is nowhere else


@cache
def _ask_once(function: Any) -> None:
    """Let a kernel's blocks have all the shared memory that the GPU has for them.

    Without it a block has 48 KiB, and the L1 cache may take what a second block would need.
    """
    from cuda.bindings import driver

    attribute = driver.CUfunction_attribute
    most = device.properties().shared_memory_per_block_optin - function.attrs.shared
    for name, value in (
        (attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, most),
        (attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100),  # percent
    ):
        (status,) = driver.cuKernelSetAttribute(name, value, function.handle, function.device.id)
        if status != driver.CUresult.CUDA_SUCCESS:
            raise RuntimeError(f"{name.name} = {value}: {status.name}")
