"""The micro-kernel: a tile of a product, held in registers, in LLVM's vector types.

One function is emitted for each height and width of a tile, so that each has all registers, and
none of them prepares addresses for the others.
"""

from __future__ import annotations

from itertools import product

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .processor import LANES, made_for
from .simd import (
    ADD,
    BROADCAST,
    I64,
    SCALE,
    VECTOR,
    call_from_table,
    fma,
    function_table,
    load,
    splat,
    store,
)


@intrinsic
def tiles(typing, mode, shape, c, left, a, b, count, steps):
    """C = A B, C += A B or C *= A B by ``mode``, for tiles of C that are held in registers.

    ``shape`` is a tile's rows and columns, as :func:`most_rows` has it, and the depth of its sums,
    at least 1. ``c``, ``a`` and ``b`` are each a :class:`simd.Matrix` that begins at a
    pointer. Elements of C and B are vectors, those of A are numbers (``left`` BROADCAST) or vectors
    (``left`` VECTOR). There are ``count`` tiles, at least 1; ``steps`` lead from one to the next in
    C, A and B.
    """

    def generate(context, builder, signature, arguments):
        mode, shape, c_matrix, left, a_matrix, b_matrix, count, steps = arguments
        rows, columns, depth = cgutils.unpack_tuple(builder, shape)
        number = context.get_data_type(c.types[0].dtype)
        table = function_table(
            builder.module, f"bpfast_tiles_{number}", lambda: _functions(builder.module, number)
        )
        most = most_rows(1, c.types[0].dtype.bitwidth // 8)
        index = builder.add(
            builder.mul(left, I64(made_for().tile_vectors)), builder.sub(columns, I64(1))
        )
        index = builder.add(builder.mul(index, I64(most)), builder.sub(rows, I64(1)))
        c_parts, a_parts, b_parts, step_parts = (
            cgutils.unpack_tuple(builder, group) for group in (c_matrix, a_matrix, b_matrix, steps)
        )
        values = [*c_parts, *a_parts, *b_parts, depth, mode, count, *step_parts]
        call_from_table(builder, table, index, values)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, shape, c, i, a, b, i, steps), generate


def most_rows(columns, itemsize):
    """How many rows a tile of so many columns may have."""
    return made_for().tile_sums * 4 // itemsize // columns


def _functions(module, number) -> list[ir.Function | None]:
    """The functions for all shapes, (2, made_for().tile_vectors, most rows of one column)."""
    itemsize = 4 if number == ir.FloatType() else 8
    columns, rows = range(1, made_for().tile_vectors + 1), range(1, most_rows(1, itemsize) + 1)
    return [
        _tile_function(module, number, *shape)
        if shape[2] <= most_rows(shape[1], itemsize)
        else None
        for shape in product((BROADCAST, VECTOR), columns, rows)
    ]


def _tile_function(module, number, left, vectors, rows) -> ir.Function:
    """The function for tiles of one shape."""
    pointer = number.as_pointer()
    argument_types = [pointer, I64, I64, pointer, I64, I64, pointer, *[I64] * 8]
    function_type = ir.FunctionType(ir.VoidType(), argument_types)
    function = ir.Function(module, function_type, module.get_unique_name("bpfast_tile"))
    c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, depth, mode, count, *steps = function.args
    begin = function.append_basic_block("begin")
    builder = ir.IRBuilder(begin)
    adds, scales = (builder.icmp_signed("==", mode, I64(value)) for value in (ADD, SCALE))
    tile = function.append_basic_block("tile")
    builder.branch(tile)
    builder.position_at_end(tile)
    left_over, *bases = [builder.phi(phi_type) for phi_type in (I64, pointer, pointer, pointer)]
    targets = [
        [_advance(builder, bases[0], (c_r, r), (c_v, v)) for v in range(vectors)]
        for r in range(rows)
    ]
    a_rows = [_advance(builder, bases[1], (a_r, r)) for r in range(rows)]
    b_columns = [_advance(builder, bases[2], (b_v, v)) for v in range(vectors)]
    starts = _starts(builder, adds, targets, ir.VectorType(number, LANES))
    sums = _sums(builder, left, a_rows, a_k, b_columns, b_k, depth, starts)
    with builder.if_else(scales) as (scaling, setting):
        with scaling:
            _store(builder, targets, sums, scale=True)
        with setting:
            _store(builder, targets, sums, scale=False)
    fewer = builder.sub(left_over, I64(1))
    last, end = builder.block, function.append_basic_block("end")
    for phi, first, step in zip(bases, (c, a, b), steps, strict=True):
        phi.add_incoming(first, begin)
        phi.add_incoming(builder.gep(phi, [step]), last)
    left_over.add_incoming(count, begin)
    left_over.add_incoming(fewer, last)
    builder.cbranch(builder.icmp_signed(">", fewer, I64(0)), tile, end)
    ir.IRBuilder(end).ret_void()
    return function


def _store(builder, targets, sums, scale: bool) -> None:
    for pointers, totals in zip(targets, sums, strict=True):
        for pointer, total in zip(pointers, totals, strict=True):
            if scale:
                total = builder.fmul(load(builder, pointer, total.type), total)
            store(builder, total, pointer)


def _advance(builder, base, *terms):
    """A pointer, some strides further."""
    for stride, times in terms:
        base = builder.gep(base, [builder.mul(stride, I64(times))]) if times else base
    return base


def _starts(builder, adds, targets, vector):
    """What sums begin with: zeros, or the numbers that they are added to."""
    before = builder.block
    with builder.if_then(adds):
        loaded = [[load(builder, pointer, vector) for pointer in row] for row in targets]
        loading = builder.block
    starts = []
    for row in loaded:
        starts.append([builder.phi(vector) for _ in row])
        for phi, value in zip(starts[-1], row, strict=True):
            phi.add_incoming(ir.Constant(vector, [0.0] * LANES), before)
            phi.add_incoming(value, loading)
    return starts


def _sums(builder, left, a_rows, a_k, b_columns, b_k, depth, starts):
    """The loop over k."""
    vector = starts[0][0].type
    before, loop = builder.block, builder.append_basic_block("depth")
    done = builder.append_basic_block("sums")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(I64)
    sums = [[builder.phi(vector) for _ in row] for row in starts]
    at_a, at_b = builder.mul(k, a_k), builder.mul(k, b_k)
    right = [load(builder, builder.gep(column, [at_b]), vector) for column in b_columns]
    for r, row in enumerate(a_rows):
        pointer = builder.gep(row, [at_a])
        if left == VECTOR:
            factor = load(builder, pointer, vector)
        else:
            factor = splat(builder, builder.load(pointer), vector)
        for v, column in enumerate(right):
            total = fma(builder, factor, column, sums[r][v])
            sums[r][v].add_incoming(starts[r][v], before)
            sums[r][v].add_incoming(total, loop)
            sums[r][v] = total
    following = builder.add(k, I64(1))
    k.add_incoming(I64(0), before)
    k.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
    builder.position_at_end(done)
    return sums
