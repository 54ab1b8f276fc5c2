"""The machine's own limits: how fast it multiplies, and how fast it moves memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..kernels.cpu import thread_count
from ..kernels.cpu.compile import OPTIONS
from ..kernels.cpu.processor import host
from ..kernels.cpu.threads import run
from .measure import PAUSE

SIZE = 2048  # rows and columns of the matrices
RUNS = 7
FLOATS = 16 if "avx512f" in host().needs else 8 if "avx2" in host().needs else 4  # in a register
CHAINS = 12  # sums under way at once: units times latency, and no more than there are registers
LOOPS = 8_000_000
MIB = 2**20
LEAST_ARRAY, CACHES = 64 * MIB, 4  # an array in memory: bytes, and times the last cache
L2_ARRAY = 80 * 2**10  # bytes: three of them are more than a first-level cache, and fit the next


@dataclass(frozen=True)
class Limits:
    """What the machine can do with all threads, in float32.

    Attributes
    ----------
    matrix : operations a second of NumPy's matrix product
    fma : of fused multiply-adds in registers, two each
    memory, l2 : bytes a second of a triad in main memory, and in the second-level caches
    """

    matrix: float
    fma: float
    memory: float
    l2: float

    def best(self, other: Limits) -> Limits:
        """The higher of each, of two measurements."""
        return Limits(*map(max, astuple(self), astuple(other)))

    def reachable(self, intensity: float) -> float:
        """Operations a second that multipliers and main memory allow at so many for each byte."""
        return min(self.fma, intensity * self.memory)


def limits() -> Limits:
    """All of them, measured now."""
    memory = max(LEAST_ARRAY, CACHES * last_cache())
    return Limits(matrix_peak(), fma_peak(), bandwidth(memory, 1), bandwidth(L2_ARRAY, 3000))


def matrix_peak(dtype: str = "float32") -> float:
    """Floating-point operations a second of NumPy's product of two square matrices, best of some.

    BLAS uses as many threads as it does by default.
    """
    a = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(dtype)
    b = a.T.copy()
    return 2.0 * SIZE**3 / _best(lambda: a @ b)


def fma_peak() -> float:
    """Operations a second of float32 fused multiply-adds that never leave registers."""
    threads = thread_count()

    def work(member: int) -> None:
        _multiply_add(np.full(FLOATS, 0.5, np.float32), LOOPS)  # sums tend to 1

    seconds = _best(lambda: run(work, threads))
    return 2.0 * threads * LOOPS * CHAINS * FLOATS / seconds


def bandwidth(size: int, repeats: int) -> float:
    """Bytes a second of ``a = b + x * c`` over arrays of so many bytes, of each thread its own.

    Counted as STREAM does: two are read and one is written. In main memory (``repeats`` of 1) the
    threads share the arrays' size.
    """
    threads = thread_count()
    count = size // 4 // (threads if repeats == 1 else 1)
    arrays = [[np.ones(count, np.float32) for _ in range(3)] for _ in range(threads)]
    seconds = _best(lambda: run(lambda k: _triad(*arrays[k], repeats), threads))
    return 12.0 * count * threads * repeats / seconds


def last_cache() -> int:
    """Bytes of the largest cache, 0 where the system does not tell."""
    return max((size for _, size in caches()), default=0)


def caches() -> list[tuple[str, int]]:
    """Name and bytes of each cache of the first core, as far as Linux tells."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (folder / name).read_text().strip() for name in ("level", "type", "size")
        )
        suffix = {"Data": "d", "Instruction": "i"}.get(kind, "")
        found.append((f"L{level}{suffix}", int(size.removesuffix("K")) * 2**10))
    return found


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs, after one that compiles."""
    times = []
    time.sleep(PAUSE)
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times[1:])


@intrinsic
def _chains(typing, result, loops):
    """Add to sums in registers, independent of each other, and store what they come to."""

    def generate(context, builder, signature, arguments):
        array, loops = arguments
        vector, i64 = ir.VectorType(ir.FloatType(), FLOATS), ir.IntType(64)
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{FLOATS}f32"
        )
        data = context.make_array(result)(context, builder, value=array).data
        pointer = builder.bitcast(data, vector.as_pointer())
        factor = builder.load(pointer)
        factor.align = 4
        before = builder.basic_block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(i64)
        sums = [builder.phi(vector) for _ in range(CHAINS)]
        totals = [builder.call(fma, [total, factor, factor]) for total in sums]
        for number, (total, new) in enumerate(zip(sums, totals, strict=True)):
            total.add_incoming(ir.Constant(vector, [float(number)] * FLOATS), before)
            total.add_incoming(new, loop)
        following = builder.add(k, i64(1))
        k.add_incoming(i64(0), before)
        k.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, loops), loop, done)
        builder.position_at_end(done)
        builder.store(reduce(builder.fadd, totals), pointer, align=4)
        return context.get_dummy_value()

    return types.void(result, types.int64), generate


@njit(**OPTIONS)
def _multiply_add(result, loops):
    _chains(result, loops)


@njit(**OPTIONS)
def _triad(a, b, c, repeats):
    x = np.float32(0.5)
    for _ in range(repeats):
        for i in range(a.size):
            a[i] = b[i] + x * c[i]
