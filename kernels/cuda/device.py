"""The GPUs of this machine: whether they can be used, what they are, and arrays on them.

In Numba's CUDA simulator (``NUMBA_ENABLE_CUDASIM=1``) :mod:`simulator` takes CuPy's place, and the
same lines run on it. CuPy and numba-cuda are imported where they are used: neither need be
installed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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
    """What kernels are chosen by, of the first GPU.

    Attributes
    ----------
    name : the GPU's name
    compute_capability : (major, minor)
    multiprocessors : how many it has
    shared_memory_per_multiprocessor : bytes that its blocks share
    shared_memory_per_block_optin : the most bytes of shared memory that a block can ask for
    memory : bytes
    count : GPUs of this kind
    """

    name: str
    compute_capability: tuple[int, int]
    multiprocessors: int
    shared_memory_per_multiprocessor: int
    shared_memory_per_block_optin: int
    memory: int
    count: int


SIMULATOR = Properties(
    "Numba's CUDA simulator, for tests", (9, 0), 132, 228 << 10, 227 << 10, 1 << 30, 1
)


def simulated() -> bool:
    """Whether kernels run in Numba's simulator, on NumPy arrays."""
    return bool(config.ENABLE_CUDASIM)


@cache
def problem() -> str:
    """Why CUDA cannot be used here, in words; empty where it can.

    It is found once: each look for a package that is missing takes as long as a small fit.
    """
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
    """CuPy, or what takes its place in the simulator."""
    if simulated():
        from . import simulator

        return simulator
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
        shared_memory_per_multiprocessor=found["sharedMemPerMultiprocessor"],
        shared_memory_per_block_optin=found["sharedMemPerBlockOptin"],
        memory=found["totalGlobalMem"],
        count=len(gpus()),
    )


@cache
def gpus() -> tuple[int, ...]:
    """The GPUs that share networks: those of the first one's model, since bits depend on it."""
    if simulated():
        return (0,)
    names = [
        _raw_properties(k)["name"] for k in range(array_module().cuda.runtime.getDeviceCount())
    ]
    return tuple(k for k, name in enumerate(names) if name == names[0])


def _raw_properties(gpu: int) -> dict[str, Any]:
    return array_module().cuda.runtime.getDeviceProperties(gpu)


@contextmanager
def on(gpu: int) -> Iterator[None]:
    """Arrays are made, and kernels run, on one of the GPUs."""
    if simulated():
        yield
        return
    from numba import cuda

    with array_module().cuda.Device(gpu), cuda.gpus[gpu]:
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

        return FakeCUDAArray(array.memory)
    from numba import cuda

    return cuda.as_cuda_array(array, sync=False)


def synchronize() -> None:
    """Wait for all work on the current GPU."""
    array_module().cuda.get_current_stream().synchronize()


# --- copies ---------------------------------------------------------------------------------------

STAGE = 16 << 20  # bytes that are copied to the host at a time


def to_device(array: Any) -> Any:
    """A copy on the current GPU; what NumPy repeats is copied once, and repeated there.

    What lies on a GPU already stays as it is. CuPy copies through pinned memory of its own.
    """
    if not isinstance(array, np.ndarray):
        return array
    if array.size and array.strides and array.strides[0] == 0:
        return array_module().broadcast_to(to_device(array[:1].copy()), array.shape)
    return array_module().array(array, order="C")


def to_host(array: Any) -> np.ndarray:
    """A copy of an array on the host, after all work on the current stream."""
    if isinstance(array, np.ndarray):
        return array
    result = np.empty(array.shape, array.dtype)
    fetch([(array.reshape(-1), result.reshape(-1))])
    return result


def fetch(copies: Iterable[tuple[Any, np.ndarray]]) -> None:
    """Copy arrays of the current GPU into arrays of the host, after all work on the current stream.

    They come through pinned memory. The host waits once for every ``STAGE`` bytes: while it copies
    them out, the next ones arrive.
    """
    before: list[tuple[np.ndarray, np.ndarray]] = []
    arrived = None
    for pieces in _loads(copies):
        staged = [(_to_stage(here), there) for here, there in pieces]
        next_arrived = array_module().cuda.get_current_stream().record()
        _take(before, arrived)
        before, arrived = staged, next_arrived
    _take(before, arrived)


def _loads(copies: Iterable[tuple[Any, np.ndarray]]) -> Iterator[list[tuple[Any, np.ndarray]]]:
    """The same copies in loads of ``STAGE`` bytes: large arrays are cut along their first axes."""
    load: list[tuple[Any, np.ndarray]] = []
    room = STAGE
    for here, there in copies:
        rows = max(1, STAGE * len(here) // max(1, here.size * here.itemsize)) if here.size else 0
        for start in range(0, len(here) if rows else 0, rows or 1):
            piece = here[start : start + rows], there[start : start + rows]
            if load and piece[1].nbytes > room:
                yield load
                load, room = [], STAGE
            load.append(piece)
            room -= piece[1].nbytes
    if load:
        yield load


def _to_stage(here: Any) -> np.ndarray:
    """Pinned memory into which an array is being copied."""
    stage = pinned(here.shape, here.dtype)
    array_module().ascontiguousarray(here).get(out=stage, blocking=False)
    return stage


def _take(staged: list[tuple[np.ndarray, np.ndarray]], arrived: Any) -> None:
    """Copy out of pinned memory what has arrived there."""
    if arrived is not None:
        arrived.synchronize()
    for stage, there in staged:
        there[...] = stage


def pinned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Pinned memory of the host, which a GPU reads and writes by itself; CuPy reuses it."""
    if simulated():
        return array_module().empty_pinned(shape, dtype)
    import cupyx

    return cupyx.empty_pinned(shape, dtype)


# --- graphs ---------------------------------------------------------------------------------------

_of_thread = threading.local()


class GraphError(RuntimeError):
    """A CUDA graph could not be recorded: what failed."""


@contextmanager
def own_stream() -> Iterator[None]:
    """Work in a stream that can be recorded, after what the current stream has been given."""
    cuda = array_module().cuda
    gpu = cuda.runtime.getDevice()
    # each GPU and thread keeps one stream: what is freed in a stream is reused in that stream alone
    streams = vars(_of_thread)
    if gpu not in streams:
        streams[gpu] = cuda.Stream(non_blocking=True)
    stream, before = streams[gpu], cuda.get_current_stream()
    stream.wait_event(before.record())
    try:
        with stream:
            yield
    finally:
        before.wait_event(stream.record())


def record(work: Any) -> Any:
    """A CUDA graph of the kernels that ``work`` starts, none of which runs before ``launch()``.

    Whatever happens, the current stream is no longer captured afterwards.

    Raises
    ------
    GraphError
        Something cannot be part of a graph; the first error is its cause.
    """
    stream = array_module().cuda.get_current_stream()
    stream.begin_capture()
    try:
        work()
    except BaseException as error:
        _abandon(stream)
        if isinstance(error, Exception):
            raise GraphError(f"a CUDA graph could not be recorded: {error}") from error
        raise
    try:
        return stream.end_capture()
    except Exception as error:
        raise GraphError(f"a CUDA graph could not be made: {error}") from error


def _abandon(stream: Any) -> None:
    """End a capture that has failed. CUDA raises the failure again; the first error is told."""
    with suppress(Exception):
        stream.end_capture()
