"""Vectors that are transposed: blocks of a matrix, and columns of some rows of a table."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .simd import I64, LANES, load, pointer_to, store


@intrinsic
def transpose_block(typing, numbers, source, source_step, target, target_step):
    """Transpose LANES vectors of ``numbers`` into as many others; steps lead to the next."""

    def generate(context, builder, signature, arguments):
        array, source, source_step, target, target_step = arguments
        vector = ir.VectorType(context.get_data_type(numbers.dtype), LANES)

        def row(start, step, k):
            offset = builder.add(start, builder.mul(step, I64(k)))
            return pointer_to(context, builder, numbers, array, offset)

        rows = [load(builder, row(source, source_step, k), vector) for k in range(LANES)]
        for k, column in enumerate(_transposed(builder, rows)):
            store(builder, column, row(target, target_step, k))
        return context.get_dummy_value()

    i = types.int64
    return types.void(numbers, i, i, i, i), generate


def _gatherer(width: int):
    """Make an intrinsic that transposes ``width`` columns of some rows of a table."""

    @intrinsic
    def gather(typing, numbers, target, step, table, rows, first, column):
        def generate(context, builder, signature, arguments):
            array, target, step, table_array, row_array, first, column = arguments
            number = context.get_data_type(numbers.dtype)
            whole = context.make_array(table)(context, builder, value=table_array)
            length = builder.extract_value(whole.shape, 1)

            def part(lane):
                at = pointer_to(context, builder, rows, row_array, builder.add(first, I64(lane)))
                offset = builder.add(builder.mul(builder.load(at), length), column)
                pointer = builder.gep(whole.data, [offset])
                return load(builder, pointer, ir.VectorType(number, width))

            parts = [part(lane) for lane in range(LANES)]
            vectors = [_joined(builder, parts[k::width]) for k in range(width)]
            for k, vector in enumerate(_transposed(builder, vectors)):
                offset = builder.add(target, builder.mul(step, I64(k)))
                store(builder, vector, pointer_to(context, builder, numbers, array, offset))
            return context.get_dummy_value()

        i = types.int64
        return types.void(numbers, i, i, table, rows, i, i), generate

    return gather


def _joined(builder, parts):
    """One vector of all numbers of some, whose number is a power of 2."""
    while len(parts) > 1:
        order = range(2 * parts[0].type.count)
        parts = [
            _shuffle(builder, a, b, order) for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]


def _transposed(builder, vectors):
    """Vectors whose sections, of as many numbers as there are vectors, are transposed.

    In each round, squares of numbers beside the diagonal change places, in larger squares.
    """
    size = 1
    while size < len(vectors):
        kept = [k if not k & size else LANES + (k ^ size) for k in range(LANES)]
        moved = [k | size if not k & size else LANES + k for k in range(LANES)]
        for k in range(len(vectors)):
            if not k & size:
                pair = vectors[k], vectors[k | size]
                vectors[k], vectors[k | size] = (
                    _shuffle(builder, *pair, order) for order in (kept, moved)
                )
        size *= 2
    return vectors


def _shuffle(builder, a, b, order):
    """Numbers of two vectors in some order; the second's begin where the first's end."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), list(order))
    return builder.shuffle_vector(a, b, mask)


# For LANES rows of a table, whose numbers begin at ``rows[first]``: the numbers from a column on
# become as many vectors of ``numbers``, the first of them at ``target``, each a step after another.
gather_1, gather_2, gather_4 = _gatherer(1), _gatherer(2), _gatherer(4)
