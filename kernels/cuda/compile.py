"""How kernels are compiled and launched, the same lines for a GPU and for the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import cuda

from . import device

# Bytes that a block gets without asking: 48 KiB, less what kernels have beside the dynamic ones.
FREE_SHARED_MEMORY = 40 << 10


def device_function(function: Callable) -> Callable:
    """A function that becomes part of the kernels that call it.

    The simulator calls it as Python has it, where it need not put itself in the place of ``cuda``.
    """
    if device.simulated():
        return cuda.jit(device=True)(function) if "cuda" in function.__code__.co_names else function
    return cuda.jit(device=True, forceinline=True)(function)


def kernel(function: Callable, most_threads: int, blocks: int) -> Any:
    """A kernel for blocks of up to so many threads.

    Threads get as many registers as leave room for so many blocks on a multiprocessor.
    """
    if device.simulated():
        return cuda.jit(function)
    return cuda.jit(launch_bounds=(most_threads, blocks))(function)


def launch(kernel: Any, grid: Any, threads: Any, shared_memory: int, *arguments: Any) -> None:
    """Start a kernel on the current stream with so many bytes of dynamic shared memory."""
    if device.simulated():
        # at each replay of a graph anew: the simulator's kernels keep one configuration
        sizes = grid, threads, 0, shared_memory
        device.array_module().launch(lambda: kernel[sizes](*arguments))
        return
    configured = _configure(kernel, grid, threads, device.stream(), shared_memory)
    if shared_memory > FREE_SHARED_MEMORY:
        configured.pre_launch_callbacks[:] = [_ask_for_shared_memory]
    configured(*arguments)


def _configure(kernel: Any, *sizes: Any) -> Any:
    """A kernel for a launch, without Numba's hint that small grids leave a GPU idle."""
    from numba.cuda.core import config

    before = config.CUDA_LOW_OCCUPANCY_WARNINGS
    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0
    try:
        return kernel[sizes]
    finally:
        config.CUDA_LOW_OCCUPANCY_WARNINGS = before


def _ask_for_shared_memory(kernel: Any, configured: Any) -> None:
    """More than a block gets without asking: Numba has no word for it, CUDA's driver has."""
    from cuda.bindings import driver

    function = kernel._codelibrary.get_cufunc()
    attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    (status,) = driver.cuKernelSetAttribute(
        attribute, configured.sharedmem, function.handle, function.device.id
    )
    if status != driver.CUresult.CUDA_SUCCESS:
        raise RuntimeError(f"{configured.sharedmem} bytes of shared memory a block: {status.name}")
