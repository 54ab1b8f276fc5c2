"""Networks of a few units that learn from one sample at a time, as the tutorial's does.

Such a step is so short that a call for a part of it takes longer than the part. So one function is
emitted for each architecture with one output and up to MOST_UNITS inputs and hidden units. It takes
vectors of networks through many steps, and computes what :mod:`.epochs` computes.
"""

from __future__ import annotations

from itertools import product

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..simd import (
    I64,
    LANES,
    call_from_table,
    fma,
    function_table,
    load,
    splat,
    store,
)
from ..workspace import REPEAT
from .online import MOST_UNITS, SAMPLE, STEPS


@intrinsic
def run_steps(typing, index, weights, coefficients, samples, sums, lanes, steps):
    """Train ``lanes`` networks side by side, one step after the other, and add up their losses."""

    def generate(context, builder, signature, arguments):
        index, *rest = arguments
        number = context.get_data_type(weights.dtype)
        table = function_table(
            builder.module, "bpfast_online_table", lambda: _functions(builder.module, number)
        )
        call_from_table(builder, table, index, rest)
        return context.get_dummy_value()

    i, p = types.int64, weights
    return types.void(i, p, p, p, p, i, i), generate


def _functions(module, number) -> list[ir.Function]:
    """The functions in the order of :func:`table_index`."""
    sizes, either = range(1, MOST_UNITS + 1), (False, True)
    cases = product(sizes, sizes, either, either)
    return [_steps_function(module, number, *case) for case in cases]


def _steps_function(module, number, inputs, hidden, bias, plain) -> ir.Function:
    """The function for one architecture: a loop over steps, and in it one over vectors."""
    pointer, vector = number.as_pointer(), ir.VectorType(number, LANES)
    function_type = ir.FunctionType(ir.VoidType(), [*[pointer] * 4, I64, I64])
    function = ir.Function(module, function_type, module.get_unique_name("bpfast_online"))
    weights, coefficients, samples, sums, lanes, steps = function.args
    builder = ir.IRBuilder(function.append_basic_block("begin"))
    with cgutils.for_range(builder, steps) as step:
        sample = builder.gep(samples, [builder.mul(step.index, I64(SAMPLE))])
        numbers = [
            splat(builder, builder.load(builder.gep(sample, [I64(k)])), vector)
            for k in (*range(inputs), *range(MOST_UNITS, SAMPLE))
        ]
        slope = builder.load(builder.gep(samples, [I64(STEPS * SAMPLE)]))
        negative_slope = None if plain else splat(builder, slope, vector)
        with cgutils.for_range_slice(builder, I64(0), lanes, I64(LANES), I64) as (lane, _):
            vectors = _Vectors(builder, vector, lanes, lane)
            _step(vectors, (weights, coefficients, sums), numbers, negative_slope, hidden, bias)
    builder.ret_void()
    return function


class _Vectors:
    """What a step does with vectors: those of the networks that begin at a lane."""

    def __init__(self, builder, vector, lanes, lane) -> None:
        self.builder, self.vector, self.lanes, self.lane = builder, vector, lanes, lane

    def pointer(self, base, row, stride):
        offset = self.builder.add(self.builder.mul(stride, I64(row)), self.lane)
        return self.builder.gep(base, [offset])

    def read(self, base, row, stride=None):
        return load(self.builder, self.pointer(base, row, stride or self.lanes), self.vector)

    def write(self, value, base, row):
        store(self.builder, value, self.pointer(base, row, self.lanes))

    def fma(self, a, b, c):
        return fma(self.builder, a, b, c)

    def dot(self, left, right, last):
        """Sum of products in their order, then ``last`` where there is one."""
        # Products of matrices begin with zero too: a bare first product would be fused with a later
        # sum.
        total = ir.Constant(self.vector, [0.0] * LANES)
        for a, b in zip(left, right, strict=True):
            total = self.fma(a, b, total)
        return self.builder.fadd(total, last) if last else total


def _step(v, arrays, numbers, negative_slope, hidden, bias) -> None:
    """Forward pass, backward pass and update of the networks in a vector, for one sample.

    Without a ``negative_slope``, all slopes are 1 and no weights decay.
    """
    weights, coefficients, sums = arrays
    *x, target, factor, half_weight = numbers
    b, inputs, units = v.builder, len(x), range(hidden)
    # parameters lie as in :func:`task.layer_slices`
    first = [[v.read(weights, k * hidden + j) for j in units] for k in range(inputs + bias)]
    start = (inputs + bias) * hidden
    second = [v.read(weights, start + j) for j in range(hidden + bias)]
    zero = ir.Constant(v.vector, [0.0] * LANES)

    z = [
        v.dot(x, [first[k][j] for k in range(inputs)], first[inputs][j] if bias else None)
        for j in units
    ]
    positive = [b.fcmp_ordered(">", z[j], zero) for j in units]
    plain = negative_slope is None

    def times_slope(values):
        if plain:
            return values
        return [b.select(positive[j], values[j], b.fmul(negative_slope, values[j])) for j in units]

    a = times_slope(z)
    error = b.fsub(v.dot(a, second[:hidden], second[hidden] if bias else None), target)
    delta = b.fmul(factor, error)
    v.write(v.fma(b.fmul(delta, error), half_weight, v.read(sums, 0)), sums, 0)
    hidden_delta = times_slope([b.fmul(delta, second[j]) for j in units])
    rate = b.fneg(v.read(coefficients, 0, I64(REPEAT)))
    decay = v.read(coefficients, 3, I64(REPEAT))

    def update(weight, gradient, row):
        if not plain:
            gradient = v.fma(decay, weight, gradient)
        v.write(v.fma(rate, gradient, weight), weights, row)

    for j in units:
        update(second[j], b.fmul(a[j], delta), start + j)
        for k in range(inputs):
            update(first[k][j], b.fmul(x[k], hidden_delta[j]), k * hidden + j)
        if bias:
            update(first[inputs][j], hidden_delta[j], inputs * hidden + j)
    if bias:
        update(second[hidden], delta, start + hidden)


def steps(weights, coefficients, samples, sums, _5, index, lanes, count):
    """:func:`run_steps` with the arguments of :func:`simd.invoke`."""
    run_steps(index, weights, coefficients, samples, sums, lanes, int(count))
