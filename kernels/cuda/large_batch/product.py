"""The product of two matrices by a block of threads: tiles in shared memory, sums in registers.

A sum is added up in the same order whatever else the GPU does; a library would choose by how many
products there are. A thread's rows, and its columns, come in groups that lie side by side, so that
one load from shared memory takes a whole group, and threads beside each other read groups beside
each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .. import device
from ..compile import device_function

# The simulator's threads are Python's: a few show what there is to show.
DOWN, ACROSS = (2, 2) if device.simulated() else (8, 8)
THREADS = DOWN * ACROSS
GROUP = 1 if device.simulated() else 4  # numbers of one load: 128 bits of float32
DEPTH = 4 if device.simulated() else 8  # products that are added up between two barriers
PADDING = GROUP  # of a row in shared memory: groups stay whole, and columns leave one bank
ALIGNMENT = None if device.simulated() else 16  # bytes: what loads of whole groups need


class Tile(NamedTuple):
    """A block's part of a product.

    Attributes
    ----------
    rows, columns : of one thread
    blocks : on a multiprocessor, which says how many registers a thread has
    """

    rows: int
    columns: int
    blocks: int

    @property
    def height(self) -> int:
        """Rows of all threads."""
        return DOWN * self.rows

    @property
    def width(self) -> int:
        """Columns of all threads."""
        return ACROSS * self.columns

    @property
    def left_step(self) -> int:
        """From one term of the left factor to the next in shared memory."""
        return self.height + PADDING

    @property
    def right_step(self) -> int:
        """From one term of the right factor to the next, and from one row of sums."""
        return self.width + PADDING

    @property
    def rows_at_once(self) -> int:
        """Rows of sums that threads take out at a time, a thread a column."""
        return THREADS // self.width

    def shared_memory(self, dtype: str) -> int:
        """Bytes of its factors, and later of its sums."""
        factors = DEPTH * (self.left_step + self.right_step)
        numbers = max(factors, self.height * self.right_step)
        return numbers * np.dtype(dtype).itemsize

    def cover(self, rows: int, columns: int) -> int:
        """How many cover a matrix."""
        return -(-rows // self.height) * -(-columns // self.width)


WIDE = {"float32": Tile(8, 8, 6), "float64": Tile(8, 4, 4)}
NARROW = {"float32": Tile(8, 2, 8), "float64": Tile(8, 2, 6)}
if device.simulated():
    WIDE, NARROW = (dict.fromkeys(WIDE, Tile(2, columns, 1)) for columns in (2, 1))


def tile(columns: int, dtype: str) -> Tile:
    """The tile for a product of so many columns: few outputs would leave a wide one idle."""
    narrow = NARROW[dtype]
    return narrow if columns <= narrow.width else WIDE[dtype]


class Form(NamedTuple):
    """How the factors lie, and what else is added up.

    Attributes
    ----------
    left_along, right_along : whether numbers that are multiplied with each other's lie side by
        side, which are those of a row on the left and of a column on the right
    totals : whether the right factor's columns are added up too
    """

    left_along: bool
    right_along: bool
    totals: bool = False


class Factor(NamedTuple):
    """A tile's rows of the left factor, or columns of the right one.

    Attributes
    ----------
    array : (numbers,)
    start : where the tile's first row or column begins
    step : from one row (or column) to the next where it lies along the sums, else from one term
        of the sums to the next
    size : how many rows or columns there are
    """

    array: Any
    start: Any
    step: Any
    size: Any


@cache
def multiply(tile: Tile, dtype: str, form: Form) -> Callable:
    """``multiply(shared, left, right, first, last)``: a tile of ``left @ right``.

    The sums over the terms from ``first`` to ``last`` lie in ``shared`` afterwards, rows
    ``tile.right_step`` apart. Returns this thread's column's total if the form has them.
    """
    real, n_sums = np.dtype(dtype).type, tile.rows * tile.columns
    n_left, n_right = (side * DEPTH // THREADS for side in (tile.height, tile.width))
    take_left, put_left = _carriers(form.left_along, tile.height)
    take_right, put_right = _carriers(form.right_along, tile.width)
    add_terms = _repeated(_add_term_of(tile, real), DEPTH, tile.left_step, tile.right_step)
    add_column, store_sums = _add_column_of(tile), _store_sums_of(tile)
    below, beside = min(GROUP, tile.rows), min(GROUP, tile.columns)
    right_start, totals = DEPTH * tile.left_step, form.totals

    @device_function
    def multiplied(shared, left, right, first, last):
        t = cuda.threadIdx.x
        down, across = np.uint32(t // ACROSS * below), np.uint32(t % ACROSS * beside)
        sums = cuda.local.array(n_sums, real)
        x, y = cuda.local.array(n_left, real), cuda.local.array(n_right, real)
        total = real(0)
        for q in range(n_sums):
            sums[q] = real(0)
        take_left(x, left, first, last)
        take_right(y, right, first, last)
        for k in range(first, last, DEPTH):
            cuda.syncthreads()
            put_left(x, shared, 0)
            put_right(y, shared, right_start)
            cuda.syncthreads()
            # the next ones arrive while these are multiplied
            take_left(x, left, k + DEPTH, last)
            take_right(y, right, k + DEPTH, last)
            add_terms(shared, sums, down, np.uint32(right_start) + across)
            if totals:
                total = add_column(shared, total)
        cuda.syncthreads()
        store_sums(shared, sums, down, across)
        cuda.syncthreads()
        return total

    return multiplied


def _add_term_of(tile: Tile, real: type) -> Callable:
    """``add_term(shared, sums, i, j)``: adds one term, whose factors begin at i and j."""
    rows, columns = tile.rows, tile.columns
    below, beside = min(GROUP, rows), min(GROUP, columns)

    @device_function
    def add_term(shared, sums, i, j):
        x, y = cuda.local.array(rows, real), cuda.local.array(columns, real)
        for r in range(rows):
            x[r] = shared[i + np.uint32(r // below * DOWN * below + r % below)]
        for c in range(columns):
            y[c] = shared[j + np.uint32(c // beside * ACROSS * beside + c % beside)]
        for r in range(rows):
            for c in range(columns):
                sums[r * columns + c] += x[r] * y[c]

    return add_term


def _add_column_of(tile: Tile) -> Callable:
    """``add_column(shared, total)``: adds the terms of this thread's column on the right."""
    width, right_start, right_step = tile.width, DEPTH * tile.left_step, tile.right_step

    @device_function
    def add_column(shared, total):
        index = np.uint32(right_start) + np.uint32(cuda.threadIdx.x % width)
        for d in range(DEPTH):
            total += shared[index + np.uint32(d * right_step)]
        return total

    return add_column


def _store_sums_of(tile: Tile) -> Callable:
    """``store_sums(shared, sums, down, across)``: writes the sums over the factors."""
    rows, columns, right_step = tile.rows, tile.columns, tile.right_step
    below, beside = min(GROUP, rows), min(GROUP, columns)

    @device_function
    def store_sums(shared, sums, down, across):
        for r in range(rows):
            row = down + np.uint32(r // below * DOWN * below + r % below)
            for c in range(columns):
                column = across + np.uint32(c // beside * ACROSS * beside + c % beside)
                shared[row * np.uint32(right_step) + column] = sums[r * columns + c]

    return store_sums


def _repeated(once: Callable, count: int, left_step: int, right_step: int) -> Callable:
    """``once`` for so many terms, a power of two: as a loop, compilers would not unroll it."""
    if count == 1:
        return once
    half = _repeated(once, count // 2, left_step, right_step)
    to_left, to_right = count // 2 * left_step, count // 2 * right_step

    @device_function
    def twice(shared, sums, i, j):
        half(shared, sums, i, j)
        half(shared, sums, i + np.uint32(to_left), j + np.uint32(to_right))

    return twice


def _carriers(along: bool, side: int) -> tuple[Callable, Callable]:
    """``take(held, factor, k, last)`` and ``put(held, shared, start)`` for a side of a tile.

    Each thread holds its share of ``DEPTH`` terms for as many rows or columns as the side has;
    threads beside each other take numbers that lie beside each other. Where there are no more, it
    holds zeros.
    """
    count, step = side * DEPTH // THREADS, side + PADDING
    # from one number that a thread holds to the next: so many terms, so many rows or columns
    terms, lines = (0, THREADS // DEPTH) if along else (THREADS // side, 0)

    @device_function
    def first_of_thread():
        t = cuda.threadIdx.x
        if along:
            return np.uint32(t % DEPTH), np.uint32(t // DEPTH)
        return np.uint32(t // side), np.uint32(t % side)

    @device_function
    def take(held, factor, k, last):
        term, line = first_of_thread()
        term += np.uint32(k)
        if along:
            index = factor.start + np.uint64(line) * factor.step + np.uint64(term)
            next_index = factor.step * np.uint64(lines)
        else:
            index = factor.start + np.uint64(term) * factor.step + np.uint64(line)
            next_index = factor.step * np.uint64(terms)
        last, size = np.uint32(last), np.uint32(factor.size)
        for q in range(count):
            held[q] = held.dtype.type(0)
            exists = term + np.uint32(q * terms) < last
            if exists and line + np.uint32(q * lines) < size:
                held[q] = factor.array[index]
            index += next_index

    @device_function
    def put(held, shared, start):
        term, line = first_of_thread()
        index = np.uint32(start) + term * np.uint32(step) + line
        for q in range(count):
            shared[index + np.uint32(q * (terms * step + lines))] = held[q]

    return take, put
