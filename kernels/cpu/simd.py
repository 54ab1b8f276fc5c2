"""What plain Numba cannot say: vectors, calls by address, atomic counters.

A *vector* is ``LANES`` numbers side by side in memory. All arrays that are taken apart here are
flat; offsets in them count elements.
"""

from __future__ import annotations

from typing import NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from . import processor
from .processor import LANES

I64 = ir.IntType(64)
BROADCAST, VECTOR = 0, 1  # what the left operand of a product is made of
SET, ADD, SCALE = 0, 1, 2  # what a product does with what is there: C = AB, C += AB, C *= AB


class Matrix(NamedTuple):
    """A matrix inside a flat array: where it begins, and the steps to the next row and column."""

    start: int
    row_step: int
    column_step: int


def pointer_to(context, builder, array_type, array, offset):
    """Where an array's number lies."""
    data = context.make_array(array_type)(context, builder, value=array).data
    return builder.gep(data, [offset])


def load(builder, pointer, vector):
    """Load a vector that is aligned as a float32 is."""
    loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
    loaded.align = 4
    return loaded


def store(builder, value, pointer):
    """Store a vector where numbers are aligned as a float32 is."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=4)


def fma(builder, a, b, c):
    """``a * b + c`` of vectors, in one rounding where the machine can."""
    width = 32 if a.type.element == ir.FloatType() else 64
    function_type, name = ir.FunctionType(a.type, [a.type] * 3), f"llvm.fmuladd.v{LANES}f{width}"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    return builder.call(function, [a, b, c])


def splat(builder, scalar, vector):
    """A vector of one number."""
    lane0 = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(lane0, ir.Constant(vector, ir.Undefined), mask)


def function_table(module, name, make):
    """A constant array of pointers to functions that ``make`` emits, or null; once in a module."""
    if name in module.globals:
        return module.globals[name]
    functions = make()
    for function in filter(None, functions):
        function.linkage = "internal"
        function.attributes.add("noinline")
    kind = functions[0].type
    pointers = ir.Constant(
        ir.ArrayType(kind, len(functions)),
        [function or ir.Constant(kind, None) for function in functions],
    )
    table = ir.GlobalVariable(module, pointers.type, name)
    table.initializer, table.global_constant, table.linkage = pointers, True, "internal"
    return table


def call_from_table(builder, table, index, arguments) -> None:
    """Call a function of :func:`function_table`."""
    builder.call(builder.load(builder.gep(table, [I64(0), index])), arguments)


@intrinsic
def separate(typing):
    """Promise that the caller's pointers lead to separate numbers, as far as it uses them.

    Its loops then need not check whether what they write is what they read.
    """

    def generate(context, builder, signature, arguments):
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def estimated_ratio(typing, a, b):
    """``a / b`` for b > 0: in wide loops an estimated reciprocal and a step of Newton's.

    That is right to 2 units in the last place. Elsewhere it is the rounded quotient, and so would
    be the rest of a loop over numbers that do not fill vectors: bits are the same where they do.
    """

    def generate(context, builder, signature, arguments):
        a, b = arguments
        if not processor.made_for().wide_loops:
            return builder.fdiv(a, b)
        quotient = builder.fdiv(a, b, flags=("arcp", "contract", "ninf"))
        infinite = builder.fcmp_ordered("==", b, ir.Constant(b.type, float("inf")))
        return builder.select(infinite, ir.Constant(b.type, 0.0), quotient)

    return a(a, b), generate


@intrinsic
def set_vector(typing, numbers, start, value):
    """Set the vector at ``numbers[start]`` to one number."""

    def generate(context, builder, signature, arguments):
        array, start, value = arguments
        vector = ir.VectorType(value.type, LANES)
        pointer = pointer_to(context, builder, numbers, array, start)
        store(builder, splat(builder, value, vector), pointer)
        return context.get_dummy_value()

    return types.void(numbers, types.int64, numbers.dtype), generate


@intrinsic
def copy_vector(typing, numbers, target, others, source):
    """Copy the LANES numbers from ``source`` on in another array, flat as it lies in memory."""

    def generate(context, builder, signature, arguments):
        array, target, other_array, source = arguments
        vector = ir.VectorType(context.get_data_type(numbers.dtype), LANES)
        value = load(builder, pointer_to(context, builder, others, other_array, source), vector)
        store(builder, value, pointer_to(context, builder, numbers, array, target))
        return context.get_dummy_value()

    return types.void(numbers, types.int64, others, types.int64), generate


@intrinsic
def add_vector(typing, sums, target, numbers, source):
    """Add the vector at ``numbers[source]`` to the float64 numbers at ``sums[target]``."""

    def generate(context, builder, signature, arguments):
        sums_array, target, array, source = arguments
        number, wide = context.get_data_type(numbers.dtype), ir.VectorType(ir.DoubleType(), LANES)
        pointer = pointer_to(context, builder, numbers, array, source)
        value = load(builder, pointer, ir.VectorType(number, LANES))
        if number != ir.DoubleType():
            value = builder.fpext(value, wide)
        pointer = pointer_to(context, builder, sums, sums_array, target)
        store(builder, builder.fadd(load(builder, pointer, wide), value), pointer)
        return context.get_dummy_value()

    return types.void(sums, types.int64, numbers, types.int64), generate


@intrinsic
def sum_magnitudes(typing, numbers, start, step, count, sums):
    """Sums of ``count`` vectors' absolute values, and of their squares, lane by lane.

    The vectors begin at ``start``, ``step`` numbers apart; the two sums are put at ``sums``.
    """

    def generate(context, builder, signature, arguments):
        array, start, step, count, sums = arguments
        vector = ir.VectorType(context.get_data_type(numbers.dtype), LANES)
        zero = ir.Constant(vector, [0.0] * LANES)
        name = f"llvm.fabs.v{LANES}f{numbers.dtype.bitwidth}"
        function_type = ir.FunctionType(vector, [vector])
        fabs = cgutils.get_or_insert_function(builder.module, function_type, name)
        totals = [cgutils.alloca_once_value(builder, zero) for _ in range(2)]
        with cgutils.for_range(builder, count) as loop:
            offset = builder.add(start, builder.mul(loop.index, step))
            x = load(builder, pointer_to(context, builder, numbers, array, offset), vector)
            absolute, square = (builder.load(total) for total in totals)
            builder.store(builder.fadd(absolute, builder.call(fabs, [x])), totals[0])
            builder.store(fma(builder, x, x, square), totals[1])
        for k, total in enumerate(totals):
            offset = builder.add(sums, sums.type(k * LANES))
            pointer = pointer_to(context, builder, numbers, array, offset)
            store(builder, builder.load(total), pointer)
        return context.get_dummy_value()

    i = types.int64
    return types.void(numbers, i, i, i, i), generate


@intrinsic
def add_squares(typing, sums, target, numbers, source, step, count):
    """Add the squares of ``count`` vectors, ``step`` apart, to the float64 at ``sums[target]``.

    Every other of them has an accumulator of its own.
    """

    def generate(context, builder, signature, arguments):
        sums_array, target, array, source, step, count = arguments
        number, wide = context.get_data_type(numbers.dtype), ir.VectorType(ir.DoubleType(), LANES)
        zero = ir.Constant(wide, [0.0] * LANES)
        this, other = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        with cgutils.for_range(builder, count) as loop:
            offset = builder.add(source, builder.mul(step, loop.index))
            pointer = pointer_to(context, builder, numbers, array, offset)
            value = load(builder, pointer, ir.VectorType(number, LANES))
            if number != ir.DoubleType():
                value = builder.fpext(value, wide)
            total = fma(builder, value, value, builder.load(this))
            builder.store(builder.load(other), this)
            builder.store(total, other)
        total = builder.fadd(builder.load(this), builder.load(other))
        pointer = pointer_to(context, builder, sums, sums_array, target)
        store(builder, builder.fadd(load(builder, pointer, wide), total), pointer)
        return context.get_dummy_value()

    i = types.int64
    return types.void(sums, i, numbers, i, i, i), generate


@intrinsic
def array(typing, pointer, shape):
    """The numbers that a pointer leads to as an array; ``shape`` is a number, or two."""
    result = types.Array(pointer.dtype, _dimensions(shape), "C")

    def generate(context, builder, signature, arguments):
        data, given = arguments
        return contiguous(context, builder, result, data, _sizes(builder, result, given))

    return result(pointer, shape), generate


@intrinsic
def reshaped(typing, numbers, shape):
    """A contiguous array's numbers in another shape."""
    result = types.Array(numbers.dtype, _dimensions(shape), "C")

    def generate(context, builder, signature, arguments):
        given, shape = arguments
        data = context.make_array(numbers)(context, builder, value=given).data
        return contiguous(context, builder, result, data, _sizes(builder, result, shape))

    return result(numbers, shape), generate


def _dimensions(shape) -> int:
    return len(shape) if isinstance(shape, types.BaseTuple) else 1


def _sizes(builder, array_type, shape):
    return cgutils.unpack_tuple(builder, shape) if array_type.ndim > 1 else [shape]


def contiguous(context, builder, array_type, data, sizes):
    """A contiguous array of the numbers at a pointer."""
    itemsize = I64(context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    strides = [itemsize]
    for size in reversed(sizes[1:]):
        strides.insert(0, builder.mul(size, strides[0]))
    made = context.make_array(array_type)(context, builder)
    populate_array(made, data, sizes, strides, itemsize, meminfo=None)
    return made._getvalue()


@intrinsic
def advance(typing, pointer, offset):
    """The pointer ``offset`` elements after another."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.int64), generate


@intrinsic
def invoke(typing, address, numbers, p1, p2, p3, p4, p5, n1, n2, x):
    """Call the compiled function at ``address`` with five parts of ``numbers`` and three numbers.

    The parts are given by where they begin.
    """

    def generate(context, builder, signature, arguments):
        function, array, *offsets, n1, n2, x = arguments
        pointers = [pointer_to(context, builder, numbers, array, offset) for offset in offsets]
        _call_address(builder, function, [*pointers, n1, n2, x])
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, numbers, i, i, i, i, i, i, i, types.float64), generate


def _call_address(builder, address, values) -> None:
    function_type = ir.FunctionType(ir.VoidType(), [value.type for value in values])
    builder.call(builder.inttoptr(address, function_type.as_pointer()), values)


@intrinsic
def call_multiply(typing, address, numbers, shape, c, left, a, b, mode, groups):
    """Call :func:`product.multiply` at ``address``: one copy of it serves all kernels.

    ``shape`` is rows, columns and depth; ``c``, ``a`` and ``b`` are each a :class:`Matrix`.
    """

    def generate(context, builder, signature, arguments):
        address, array, shape, c, left, a, b, mode, groups = arguments
        memory = context.make_array(numbers)(context, builder, value=array).data
        parts = [
            part for group in (shape, c, a, b) for part in cgutils.unpack_tuple(builder, group)
        ]
        _call_address(builder, address, [left, memory, *parts, mode, groups])
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, numbers, shape, c, i, a, b, i, i), generate


@intrinsic
def fetch_add(typing, counters, index, amount):
    """Add to a counter that threads share; returns what it was before."""

    def generate(context, builder, signature, arguments):
        array, index, amount = arguments
        pointer = pointer_to(context, builder, counters, array, index)
        return builder.atomic_rmw("add", pointer, amount, "seq_cst")

    return types.int64(counters, types.int64, types.int64), generate


def invoke_signature(number):
    """Type of the functions that :func:`invoke` calls."""
    pointer = types.CPointer(number)
    return types.void(*[pointer] * 5, types.int64, types.int64, types.float64)
