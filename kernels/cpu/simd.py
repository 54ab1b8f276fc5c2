"""What plain Numba cannot say: tiles of products in registers, calls by address, atomic counters.

A *vector* is ``LANES`` numbers side by side in memory. All arrays that are taken apart here are
flat; places in them are offsets in elements.
"""

from __future__ import annotations

from itertools import product

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
BROADCAST, VECTOR = 0, 1  # what the left operand of a product is made of

_features = llvmlite.binding.get_host_cpu_features()
# Accumulators of a float32 tile: rows x vectors. AVX-512 has 32 registers of one vector each, all
# others hold a vector in two or four registers.
TILE_ROWS, TILE_VECTORS = (8, 2) if _features.get("avx512f") else (4, 1)
INSTRUCTIONS = next(
    (name for name in ("avx512f", "avx2", "neon") if _features.get(name)), "no vector instructions"
)


def _pointer(context, builder, array_type, array, offset):
    data = context.make_array(array_type)(context, builder, value=array).data
    return builder.gep(data, [offset])


def _load(builder, pointer, vector):
    """Load a vector that is aligned as its elements are."""
    loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    loaded.align = 4
    return loaded


def _splat(builder, scalar, vector):
    lane0 = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(lane0, ir.Constant(vector, ir.Undefined), mask)


@intrinsic
def tile(typing, left, rows, columns, w, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, depth, add):
    """C = A B, or C += A B where ``add``, for a tile of C held in registers over all of k.

    C has up to TILE_ROWS x TILE_VECTORS vectors. ``C[r, v]`` is the vector at
    ``w[c + r*c_r + v*c_v]``, ``B[k, v]`` the one at ``w[b + k*b_k + v*b_v]``; ``A[r, k]`` at
    ``w[a + r*a_r + k*a_k]`` is one number (left BROADCAST) or a vector (left VECTOR). ``depth`` is
    at least 1. Its plain twin is in the tests.
    """

    def generate(context, builder, signature, arguments):
        left, rows, columns, array, *rest = arguments
        i64 = ir.IntType(64)

        key = builder.add(builder.mul(left, i64(TILE_ROWS)), rows)
        key = builder.add(builder.mul(key, i64(TILE_VECTORS + 1)), columns)
        after = builder.append_basic_block("after")
        switch = builder.switch(key, after)
        sizes = product((BROADCAST, VECTOR), range(1, TILE_ROWS + 1), range(1, TILE_VECTORS + 1))
        for shape in sizes:
            block = builder.append_basic_block("tile")
            builder.position_at_end(block)
            _emit_tile(context, builder, w, array, rest, shape)
            builder.branch(after)
            number = (shape[0] * TILE_ROWS + shape[1]) * (TILE_VECTORS + 1) + shape[2]
            switch.add_case(i64(number), block)
        builder.position_at_end(after)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, i, i, w, *[i] * 11), generate


def _emit_tile(context, builder, array_type, array, arguments, shape) -> None:
    c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, depth, add = arguments
    left, rows, vectors = shape
    number = context.get_data_type(array_type.dtype)
    vector, i64 = ir.VectorType(number, LANES), ir.IntType(64)
    name = f"llvm.fmuladd.v{LANES}f{32 if number == ir.FloatType() else 64}"
    fma = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), name
    )

    def place(base, *terms):
        for stride, k in terms:
            base = builder.add(base, builder.mul(stride, i64(k)))
        return _pointer(context, builder, array_type, array, base)

    a_rows = [place(a, (a_r, r)) for r in range(rows)]
    b_columns = [place(b, (b_v, v)) for v in range(vectors)]
    before = builder.basic_block
    loop, done = builder.append_basic_block("depth"), builder.append_basic_block("sums")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(i64)
    sums = [[builder.phi(vector) for _ in range(vectors)] for _ in range(rows)]
    at_a, at_b = builder.mul(k, a_k), builder.mul(k, b_k)
    right = [_load(builder, builder.gep(column, [at_b]), vector) for column in b_columns]
    for r, row in enumerate(a_rows):
        pointer = builder.gep(row, [at_a])
        if left == VECTOR:
            factor = _load(builder, pointer, vector)
        else:
            factor = _splat(builder, builder.load(pointer), vector)
        for v in range(vectors):
            total = builder.call(fma, [factor, right[v], sums[r][v]])
            sums[r][v].add_incoming(ir.Constant(vector, [0.0] * LANES), before)
            sums[r][v].add_incoming(total, loop)
            sums[r][v] = total
    following = builder.add(k, i64(1))
    k.add_incoming(i64(0), before)
    k.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, depth), loop, done)
    builder.position_at_end(done)
    targets = [[place(c, (c_r, r), (c_v, v)) for v in range(vectors)] for r in range(rows)]
    adds = builder.icmp_signed("!=", add, ir.Constant(add.type, 0))
    with builder.if_else(adds) as (adding, setting):
        with adding:
            _store_tile(builder, targets, sums, vector, add=True)
        with setting:
            _store_tile(builder, targets, sums, vector, add=False)


def _store_tile(builder, targets, sums, vector, add: bool) -> None:
    for places, totals in zip(targets, sums, strict=True):
        for pointer, total in zip(places, totals, strict=True):
            if add:
                total = builder.fadd(_load(builder, pointer, vector), total)
            target = builder.bitcast(pointer, vector.as_pointer())
            builder.store(total, target, align=4)


@intrinsic
def invoke(typing, address, w, p1, p2, p3, p4, p5, n1, n2, x):
    """Call the compiled function at ``address`` with five places in ``w`` and three numbers."""

    def generate(context, builder, signature, arguments):
        function, array, *offsets, n1, n2, x = arguments
        pointers = [_pointer(context, builder, w, array, offset) for offset in offsets]
        values = [*pointers, n1, n2, x]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(function, kind.as_pointer()), values)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, w, i, i, i, i, i, i, i, types.float64), generate


@intrinsic
def call_multiply(
    typing, address, left, w, rows, columns, depth, c, c_r, c_v, a, a_r, a_k, b, b_k, b_v, add,
    groups,
):  # fmt: skip
    """Call :func:`product.multiply_compiled` at ``address``: one copy of it serves all kernels."""

    def generate(context, builder, signature, arguments):
        function, left, array, *rest = arguments
        values = [left, context.make_array(w)(context, builder, value=array).data, *rest]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(function, kind.as_pointer()), values)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, i, w, *[i] * 14), generate


@intrinsic
def fetch_add(typing, counters, index, amount):
    """Add to a counter that threads share; returns what it was before."""

    def generate(context, builder, signature, arguments):
        array, index, amount = arguments
        pointer = _pointer(context, builder, counters, array, index)
        return builder.atomic_rmw("add", pointer, amount, "seq_cst")

    return types.int64(counters, types.int64, types.int64), generate


@intrinsic
def borrow(typing, value):
    """The same array, or tuple of such, without its owner: copies of it are not counted.

    Counting is atomic and dear in small functions. The caller keeps the owner alive.
    """

    def strip(context, builder, kind, value):
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, value=value)
            array.meminfo = cgutils.get_null_value(array.meminfo.type)
            array.parent = cgutils.get_null_value(array.parent.type)
            return array._getvalue()
        if isinstance(kind, types.BaseTuple):
            for k, part in enumerate(kind.types):
                inner = strip(context, builder, part, builder.extract_value(value, k))
                value = builder.insert_value(value, inner, k)
        return value

    def generate(context, builder, signature, arguments):
        return strip(context, builder, value, arguments[0])

    return value(value), generate


def invoke_signature(number):
    """Type of the functions that :func:`invoke` calls."""
    pointer = types.CPointer(number)
    return types.void(*[pointer] * 5, types.int64, types.int64, types.float64)
