"""The micro-kernel: a tile of a product, held in registers, in LLVM's vector types.

One function is emitted for each height and width of a tile, so that each has all registers, and
none of them prepares addresses for the others.
"""

from __future__ import annotations

from itertools import product

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    TILE_ROWS,
    TILE_VECTORS,
    VECTOR,
    call_from_table,
    fma,
    function_table,
    load,
    splat,
    store,
)

I64 = ir.IntType(64)


@intrinsic
def tiles(
    typing, left, rows, columns, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, depth, mode,
    count, c_next, a_next, b_next,
):  # fmt: skip
    """C = A B, C += A B or C *= A B by ``mode``, for tiles of C that are held in registers.

    A tile has up to TILE_ROWS x TILE_VECTORS vectors. ``C[r, v]`` is the vector at
    ``c + r*c_r + v*c_v``, ``B[k, v]`` the one at ``b + k*b_k + v*b_v``; ``A[r, k]`` at
    ``a + r*a_r + k*a_k`` is one number (left BROADCAST) or a vector (left VECTOR). ``depth`` is at
    least 1. There are ``count`` tiles, at least 1, and ``*_next`` are the steps from one to the
    next. ``c``, ``a`` and ``b`` are pointers, all steps are in elements.
    """

    def generate(context, builder, signature, arguments):
        left, rows, columns, *rest = arguments
        number = context.get_data_type(c.dtype)
        table = function_table(
            builder.module, f"bpfast_tiles_{number}", lambda: _functions(builder.module, number)
        )
        index = builder.add(builder.mul(left, I64(TILE_ROWS)), builder.sub(rows, I64(1)))
        index = builder.add(builder.mul(index, I64(TILE_VECTORS)), builder.sub(columns, I64(1)))
        call_from_table(builder, table, index, rest)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, i, i, c, i, i, a, i, i, b, *[i] * 8), generate


def _functions(module, number) -> list[ir.Function]:
    """The functions for all shapes, (2, TILE_ROWS, TILE_VECTORS)."""
    shapes = product((BROADCAST, VECTOR), range(1, TILE_ROWS + 1), range(1, TILE_VECTORS + 1))
    return [_tile_function(module, number, *shape) for shape in shapes]


def _tile_function(module, number, left, rows, vectors) -> ir.Function:
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
