"""CuPy's place in Numba's CUDA simulator: arrays, streams and graphs on NumPy's memory.

It has the part of CuPy that bpfast uses, under CuPy's names, and refuses what CuPy and CUDA refuse:
arrays that become NumPy's without being asked, arrays of both in one operation, sizes of launches
that no GPU takes, and anything but kernels while a stream is captured. It counts what crosses to
the device and back, launches, and how often the host waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import numpy as np


class CaptureError(RuntimeError):
    """What a stream cannot do while it is captured."""


@dataclass
class Traffic:
    """Counts of bytes copied up and down, kernels launched, graphs replayed, and waits."""

    up: int = 0
    down: int = 0
    launches: int = 0
    replays: int = 0
    waits: int = 0

    def since(self, before: Traffic) -> Traffic:
        """What has happened since then."""
        return Traffic(*(getattr(self, f.name) - getattr(before, f.name) for f in fields(Traffic)))


traffic = Traffic()


def _no_capture(what: str) -> None:
    """Refuse what CUDA does not record."""
    if _current().recorded is not None:
        raise CaptureError(f"operation not permitted when stream is capturing: {what}")


# --- arrays ---------------------------------------------------------------------------------------


def _operator(name: str) -> Callable:
    def apply(self, *others):
        _no_capture(name)
        result = getattr(self.memory, name)(*map(_inside, others))
        return self if result is self.memory else _wrapped(result)

    return apply


class ndarray:  # noqa: N801 (CuPy's name)
    """An array on the device, in ``memory`` that only kernels and this module look at."""

    shape: tuple[int, ...]
    dtype: np.dtype
    nbytes: int

    def __init__(self, memory: np.ndarray) -> None:
        self.memory = memory

    def __len__(self) -> int:
        return len(self.memory)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("implicit conversion to a NumPy array is not allowed: use get()")

    def __getitem__(self, index: Any) -> ndarray:
        return _wrapped(self.memory[_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        _no_capture("assignment")
        self.memory[_index(index)] = _inside(value)

    def reshape(self, *shape: Any) -> ndarray:
        """The same memory, as CuPy's where that can be."""
        return _wrapped(self.memory.reshape(*shape))

    def view(self, dtype: Any) -> ndarray:
        """The same memory read as another type."""
        return _wrapped(self.memory.view(dtype))

    def astype(self, dtype: Any) -> ndarray:
        """A copy of another type."""
        _no_capture("astype")
        return _wrapped(self.memory.astype(dtype))

    def copy(self) -> ndarray:
        """A copy on the device."""
        return self.astype(self.dtype)

    def sum(self, dtype: Any = None) -> ndarray:
        """The sum of all numbers, which stays on the device."""
        _no_capture("sum")
        return _wrapped(self.memory.sum(dtype=dtype))

    def sort(self, axis: int = -1) -> None:
        """Sort in place."""
        _no_capture("sort")
        self.memory.sort(axis)

    def get(self, out: np.ndarray | None = None, blocking: bool = True) -> np.ndarray:
        """A copy on the host."""
        _no_capture("a copy to the host")
        traffic.down += self.nbytes
        traffic.waits += blocking
        if out is None:
            return self.memory.copy()
        assert out.shape == self.shape, (out.shape, self.shape)
        assert out.dtype == self.dtype, (out.dtype, self.dtype)
        assert out.flags.c_contiguous
        np.copyto(out, self.memory)
        return out


for _name in ("shape", "dtype", "ndim", "size", "nbytes", "itemsize", "strides", "flags"):
    setattr(ndarray, _name, property(attrgetter(f"memory.{_name}")))

for _name in ("add", "sub", "mul", "floordiv", "mod", "and", "or", "xor", "rshift", "neg", "invert",
              "iadd", "iand", "ior", "imul", "eq", "ge", "gt", "le", "lt", "pow", "radd", "rsub",
              "rmul", "rand", "truediv"):  # fmt: skip
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))


def _inside(value: Any) -> Any:
    """What NumPy computes with."""
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError(f"unsupported type {type(value)}: it lies on the host")
    if isinstance(value, (tuple, list)):
        return type(value)(map(_inside, value))
    return value.memory if isinstance(value, ndarray) else value


def _index(index: Any) -> Any:
    """An index as NumPy takes it; CuPy takes no array of the host."""
    return _inside(index)


def _wrapped(value: Any) -> Any:
    return ndarray(np.asarray(value))


def _function(name: str) -> Callable:
    def call(*arguments: Any, **options: Any) -> Any:
        _no_capture(name)
        options = {key: _inside(value) for key, value in options.items()}
        return _wrapped(getattr(np, name)(*map(_inside, arguments), **options))

    return call


FUNCTIONS = (
    *("arange", "argsort", "ascontiguousarray", "broadcast_to", "concatenate", "copyto", "cos"),
    *("cumsum", "diff", "empty", "empty_like", "full", "maximum", "minimum", "ones"),
    *("searchsorted", "where", "zeros", "zeros_like"),
)
globals().update({name: _function(name) for name in FUNCTIONS})


def array(values: Any, order: Any = "C") -> ndarray:
    """A copy of an array of the host."""
    _no_capture("a copy to the device")
    memory: np.ndarray = np.array(values, order=order)
    traffic.up += memory.nbytes
    return ndarray(memory)


def empty_pinned(shape: Any, dtype: Any = float) -> np.ndarray:
    """Memory of the host that the device can reach; :mod:`cupyx` has it."""
    return np.empty(shape, dtype)


# --- streams and graphs ---------------------------------------------------------------------------


class Graph:
    """Launches that were captured."""

    def __init__(self, works: list[Callable[[], object]]) -> None:
        self._works = works

    def launch(self, stream: Stream | None = None) -> None:
        """Start all of them."""
        _no_capture("a graph's launch")
        traffic.replays += 1
        for work in self._works:
            traffic.launches += 1
            work()


class Event:
    """A moment in a stream."""

    def __init__(self, **_: bool) -> None:
        pass

    def record(self, stream: Stream | None = None) -> None:
        """Nothing: all work is done as soon as it is started."""

    def synchronize(self) -> None:
        """Wait for it."""
        _no_capture("a wait")
        traffic.waits += 1


class Stream:
    """Work in its order."""

    def __init__(self, null: bool = False, non_blocking: bool = False) -> None:
        self.recorded: list[Callable[[], object]] | None = None
        self._before: list[Stream] = []
        self.ptr = 0 if null else id(self)

    def __enter__(self) -> Stream:
        self._before.append(_current())
        _of_thread.stream = self
        return self

    def __exit__(self, *_: object) -> None:
        _of_thread.stream = self._before.pop()

    def begin_capture(self) -> None:
        """Record launches instead of doing them."""
        if not self.ptr:
            raise CaptureError("the default stream cannot be captured")
        if self.recorded is not None:
            raise CaptureError("the stream is being captured")
        self.recorded = []

    def end_capture(self) -> Graph:
        """What was recorded."""
        if self.recorded is None:
            raise CaptureError("the stream is not being captured")
        graph, self.recorded = Graph(self.recorded), None
        return graph

    def is_capturing(self) -> bool:
        """Whether launches are being recorded."""
        return self.recorded is not None

    def record(self, event: Event | None = None) -> Event:
        """The moment after what was started."""
        return event or Event()

    def wait_event(self, event: Event) -> None:
        """Nothing: what is started later runs later."""

    def synchronize(self) -> None:
        """Wait for all that was started."""
        _no_capture("a wait")
        traffic.waits += 1


DEFAULT = Stream(null=True)
_of_thread = threading.local()


def _current() -> Stream:
    return getattr(_of_thread, "stream", DEFAULT)


# --- launches -------------------------------------------------------------------------------------

MOST_BLOCKS = (2**31 - 1, 65_535, 65_535)  # of a grid, in each direction
MOST_THREADS = 1024  # of a block
MOST_THREADS_ALONG = (1024, 1024, 64)  # in each direction
UNASKED = 48 << 10  # bytes of shared memory that a block gets without asking


class LaunchError(RuntimeError):
    """Sizes that CUDA refuses to launch a kernel with."""


class Launches:
    """What CUDA's driver knows of kernels: how much shared memory was asked for, for each."""

    def __init__(self) -> None:
        self.asked: dict[Any, int] = {}

    def check(self, kernel: Any, grid: Any, threads: Any, shared_memory: int, most: int) -> None:
        """Refuse sizes that a GPU refuses.

        A kernel's first launch with shared memory asks for ``most`` bytes, once and for all.
        """
        blocks, in_block = _in_each_direction(grid), _in_each_direction(threads)
        for size, most_along in ((blocks, MOST_BLOCKS), (in_block, MOST_THREADS_ALONG)):
            if not all(0 < n <= along for n, along in zip(size, most_along, strict=True)):
                raise LaunchError(f"CUDA_ERROR_INVALID_VALUE: {blocks} blocks, {in_block} threads")
        if np.prod(in_block) > MOST_THREADS:
            raise LaunchError(f"CUDA_ERROR_INVALID_VALUE: {in_block} threads")
        allowed = self.asked.setdefault(kernel, most) if shared_memory else UNASKED
        if shared_memory > allowed:
            raise LaunchError(
                f"CUDA_ERROR_INVALID_VALUE: {shared_memory} bytes of shared memory, and {allowed} "
                "were asked for"
            )


def _in_each_direction(size: Any) -> tuple[int, ...]:
    along = size if isinstance(size, tuple) else (size,)
    return (*along, 1, 1)[:3]


_launches = Launches()
_loaded: set[Any] = set()


def launch(kernel: Any, sizes: tuple[Any, Any, int], most: int, work: Callable[[], object]) -> None:
    """Run a kernel, or record it where the current stream is captured.

    ``sizes`` are its grid, a block's threads and bytes of shared memory, of which a block can have
    ``most``.
    """
    _launches.check(kernel, *sizes, most)
    recorded = _current().recorded
    if recorded is not None:
        if kernel not in _loaded:
            raise CaptureError("a kernel's first launch, which loads it, cannot be captured")
        recorded.append(work)
        return
    _loaded.add(kernel)
    traffic.launches += 1
    work()


@contextmanager
def _device(number: int = 0) -> Iterator[None]:
    yield


cuda = SimpleNamespace(
    Device=_device,
    Event=Event,
    Graph=Graph,
    Stream=Stream,
    get_current_stream=_current,
    runtime=SimpleNamespace(getDevice=lambda: 0),
)
