"""Matrix products on the GPU, the same bits however many there are at a time.

cuBLAS may choose another algorithm for a batch of another size, so each product is a call of its
own. Calls run side by side in streams, each with a handle, and thereby a workspace, of its own, as
cuBLAS asks for where results must repeat.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from . import device

STREAMS = 16
AS_IT_IS, TRANSPOSED = 0, 1  # as cuBLAS numbers them

_of_thread = threading.local()  # threads must not share what they record


class Product(NamedTuple):
    """out = a @ b, all row-major; a and b may be transposed views."""

    a: Any
    b: Any
    out: Any


class _Lane:
    """A stream with a handle of cuBLAS."""

    def __init__(self, cublas: Any) -> None:
        self.cublas = cublas
        self.handle = cublas.create()
        self.stream = device.array_module().cuda.Stream(non_blocking=True)

    def __del__(self) -> None:
        self.cublas.destroy(self.handle)


def multiply(products: Iterable[Product]) -> None:
    """Some products that do not depend on each other, in the current stream's order."""
    if device.simulated():
        with np.errstate(all="ignore"):
            for product in products:
                np.matmul(product.a, product.b, out=product.out)
        return
    products = list(products)
    current = device.array_module().cuda.get_current_stream()
    lanes = _lanes(min(len(products), STREAMS))
    before = _event(current)
    for lane in lanes:
        lane.stream.wait_event(before)
    for number, product in enumerate(products):
        lane = lanes[number % len(lanes)]
        with lane.stream:
            gemm(lane.cublas, lane.handle, *product)
    for lane in lanes:
        current.wait_event(_event(lane.stream))


def _lanes(count: int) -> list[_Lane]:
    """Some lanes of this thread on the current GPU."""
    from cupy_backends.cuda.libs import cublas

    number = device.array_module().cuda.runtime.getDevice()
    lanes = vars(_of_thread).setdefault(number, [])
    while len(lanes) < count:
        lanes.append(_Lane(cublas))
    return lanes[:count]


def _event(stream: Any) -> Any:
    """All that a stream has been given so far."""
    return stream.record(device.array_module().cuda.Event(disable_timing=True))


def gemm(cublas: Any, handle: int, a: Any, b: Any, out: Any) -> None:
    """out = a @ b by cuBLAS on the current stream.

    cuBLAS counts by columns: what it sees are the transposes, so it is asked for b.T @ a.T.
    """
    call = cublas.sgemm if out.dtype == np.float32 else cublas.dgemm
    one, zero = np.ones(1, out.dtype), np.zeros(1, out.dtype)
    rows, columns = out.shape
    how_a, step_a = _layout(a)
    how_b, step_b = _layout(b)
    sizes = columns, rows, a.shape[1]
    inputs = one.ctypes.data, b.data.ptr, step_b, a.data.ptr, step_a
    call(handle, how_b, how_a, *sizes, *inputs, zero.ctypes.data, out.data.ptr, columns)


def _layout(matrix: Any) -> tuple[int, int]:
    """Whether cuBLAS is to transpose a matrix, and the elements from one row (column) on."""
    row, column = (stride // matrix.itemsize for stride in matrix.strides)
    if column == 1 and row >= matrix.shape[1]:
        return AS_IT_IS, row
    return TRANSPOSED, column
