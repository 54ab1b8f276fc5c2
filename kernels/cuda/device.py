"""The GPUs of this machine: whether they can be used, what they are, and arrays on them.

In Numba's CUDA simulator (``NUMBA_ENABLE_CUDASIM=1``) NumPy takes CuPy's place, and the same lines
run on it. CuPy and numba-cuda are imported where they are used: neither need be installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numba import config

INSTALL = 'pip install "bpfast[cuda]"'
MEANINGS = {
    "cudaErrorInsufficientDriver": "NVIDIA's driver is missing, or too old for this CuPy",
    "cudaErrorNoDevice": "the driver finds no GPU",
}


@dataclass(frozen=True)
class Properties:
    """What kernels are chosen by.

    Attributes
    ----------
    name : the GPU's name
    compute_capability : (major, minor)
    multiprocessors : how many it has
    shared_memory_per_block_optin : the most bytes of shared memory that a block can ask for
    memory : bytes
    count : GPUs of this kind
    """

    name: str
    compute_capability: tuple[int, int]
    multiprocessors: int
    shared_memory_per_block_optin: int
    memory: int
    count: int


SIMULATOR = Properties("Numba's CUDA simulator, for tests", (9, 0), 132, 227 << 10, 1 << 30, 1)


def simulated() -> bool:
    """Whether kernels run in Numba's simulator, on NumPy arrays."""
    return bool(config.ENABLE_CUDASIM)


def problem() -> str:
    """Why CUDA cannot be used here, in words; empty where it can."""
    if simulated():
        return ""
    try:
        import cupy
        import numba_cuda  # noqa: F401

        count = cupy.cuda.runtime.getDeviceCount()
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed: {INSTALL}"
    except Exception as error:  # a broken driver or installation may raise anything
        words = str(error).strip().partition("\n")[0]
        meaning = MEANINGS.get(words.partition(":")[0], "CUDA does not start")
        return f"{meaning} ({type(error).__name__}: {words})"
    return "" if count else MEANINGS["cudaErrorNoDevice"]


def array_module() -> ModuleType:
    """CuPy, or NumPy in the simulator."""
    if simulated():
        return np
    import cupy

    return cupy


@cache
def properties() -> Properties:
    """The first GPU, and how many there are like it."""
    if simulated():
        return SIMULATOR
    found = _raw_properties(0)
    return Properties(
        name=found["name"].decode(),
        compute_capability=(found["major"], found["minor"]),
        multiprocessors=found["multiProcessorCount"],
        shared_memory_per_block_optin=found["sharedMemPerBlockOptin"],
        memory=found["totalGlobalMem"],
        count=len(numbers()),
    )


@cache
def numbers() -> tuple[int, ...]:
    """The GPUs that networks are cut over: those like the first, since bits depend on the kind."""
    if simulated():
        return (0,)
    names = [
        _raw_properties(k)["name"] for k in range(array_module().cuda.runtime.getDeviceCount())
    ]
    return tuple(k for k, name in enumerate(names) if name == names[0])


def _raw_properties(number: int) -> dict[str, Any]:
    return array_module().cuda.runtime.getDeviceProperties(number)


@contextmanager
def on(number: int) -> Iterator[None]:
    """Arrays are made, and kernels run, on one of the GPUs."""
    if simulated():
        yield
        return
    from numba import cuda

    with array_module().cuda.Device(number), cuda.gpus[number]:
        yield


def stream() -> Any:
    """CuPy's current stream, as Numba's launches take it."""
    if simulated():
        return 0
    return _external_stream(array_module().cuda.get_current_stream().ptr)


@cache
def _external_stream(pointer: int) -> Any:
    from numba import cuda

    return cuda.external_stream(pointer)


def kernel_array(array: Any) -> Any:
    """An array as kernels are handed it: the same memory.

    Numba would wait for the stream at every launch that is handed a CuPy array, and copy a NumPy
    array at every launch in the simulator.
    """
    if simulated():
        from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

        return FakeCUDAArray(array)
    from numba import cuda

    return cuda.as_cuda_array(array, sync=False)


def to_device(array: Any) -> Any:
    """A copy on the current GPU; what NumPy repeats is repeated there, and copied once.

    What lies there already stays as it is.
    """
    xp = array_module()
    if array.ndim and array.size and array.strides[0] == 0:
        return xp.broadcast_to(to_device(array[:1].copy()), array.shape)
    return xp.array(array, order="C", copy=isinstance(array, np.ndarray))


def to_host(array: Any) -> np.ndarray:
    """The array where NumPy can read it, after all work on the current stream."""
    return array if isinstance(array, np.ndarray) else array.get()


def synchronize() -> None:
    """Wait for all work on the current GPU."""
    if not simulated():
        array_module().cuda.Device().synchronize()
