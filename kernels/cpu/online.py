"""Networks of a few units that learn from one sample at a time, as the tutorial's does.

Such a step is so short that to call anything for a part of it takes longer than the part. So one
function is emitted for each architecture of up to MOST inputs and MOST hidden units with one
output, which takes vectors of networks through many steps. It computes what :mod:`lanes` computes.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..specialise import specialise
from ..tables import OPTIMIZERS
from ..task import Task, distinct
from .compile import callback, inline
from .functions import REPEAT
from .simd import (
    LANES,
    call_from,
    fma,
    function_table,
    invoke,
    invoke_signature,
    load,
    splat,
    store,
)

MOST = 4
STEPS = 64  # in a call; their losses are added in the networks' dtype
SAMPLE = MOST + 3  # numbers of a sample: inputs, target, factor of the slope, half its weight
BELOW = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}  # slopes where z is not above 0
# Of slopes. Losses are half of slope times error, which is their own formula to the last bit, since
# these are powers of two; but for subnormal numbers.
FACTORS = {"half_squared_error": 1.0, "mse": 2.0}

I64 = ir.IntType(64)


def applies(task: Task) -> bool:
    """Whether a task can be trained this way."""
    network = task.network
    return (
        task.batch_size == 1
        and not task.summed
        and len(network.layers) == 3
        and max(network.layers[:2]) <= MOST
        and network.layers[2] == 1
        and network.activations[0] in BELOW
        and network.loss in FACTORS
        and task.optimizer.rule == "sgd"
        and task.optimizer.penalties.shape[1] == 0
        and task.dropout.shape[1] == 0
        and _count_fully(task.samples.weights)
    )


def _count_fully(weights: np.ndarray) -> bool:
    """Whether each sample counts 1 in a batch of its own, or 0, as quotients are rounded."""
    wide = weights.astype(np.float64)
    shares = np.divide(1.0, wide, out=np.zeros_like(wide), where=wide > 0)
    return np.array_equal((wide * shares).astype(weights.dtype), wide > 0)


def place_of(task: Task) -> int:
    """Where the function for a task is in the table."""
    network, rule = task.network, OPTIMIZERS[task.optimizer.rule]
    decay = rule.hyperparameters.index("weight_decay")
    decays = distinct(task.optimizer.hyperparameters)[:, decay].any()
    plain = network.activations[0] == "identity" and not decays
    inputs, hidden, _ = network.layers
    return (((inputs - 1) * MOST + hidden - 1) * 2 + int(network.bias)) * 2 + int(plain)


# --- the steps ------------------------------------------------------------------------------------


@intrinsic
def run_steps(typing, place, weights, coefficients, samples, sums, lanes, steps):
    """Train ``lanes`` networks side by side, one step after the other, and add up their losses."""

    def generate(context, builder, signature, arguments):
        place, *rest = arguments
        number = context.get_data_type(weights.dtype)
        table = function_table(
            builder.module, "bpfast_online_table", lambda: _functions(builder.module, number)
        )
        call_from(builder, table, place, rest)
        return context.get_dummy_value()

    i, p = types.int64, weights
    return types.void(i, p, p, p, p, i, i), generate


def _functions(module, number) -> list[ir.Function]:
    """The functions in the order of :func:`place_of`."""
    sizes, either = range(1, MOST + 1), (False, True)
    return [_steps(module, number, *kind) for kind in product(sizes, sizes, either, either)]


def _steps(module, number, inputs, hidden, bias, plain) -> ir.Function:
    """The function for one architecture: a loop over steps, and in it one over vectors.

    Where it is ``plain``, slopes are 1 and no weights decay: four operations of ten can go.
    """
    pointer, vector = number.as_pointer(), ir.VectorType(number, LANES)
    kind = ir.FunctionType(ir.VoidType(), [*[pointer] * 4, I64, I64])
    function = ir.Function(module, kind, module.get_unique_name("bpfast_online"))
    weights, coefficients, samples, sums, lanes, steps = function.args
    builder = ir.IRBuilder(function.append_basic_block("begin"))
    with cgutils.for_range(builder, steps) as step:
        sample = builder.gep(samples, [builder.mul(step.index, I64(SAMPLE))])
        numbers = [
            splat(builder, builder.load(builder.gep(sample, [I64(k)])), vector)
            for k in (*range(inputs), *range(MOST, SAMPLE))
        ]
        below = splat(builder, builder.load(builder.gep(samples, [I64(STEPS * SAMPLE)])), vector)
        with cgutils.for_range_slice(builder, I64(0), lanes, I64(LANES), I64) as (lane, _):
            _step(
                _Vectors(builder, vector, lanes, lane),
                (weights, coefficients, sums),
                numbers,
                None if plain else below,
                hidden,
                bias,
            )
    builder.ret_void()
    return function


class _Vectors:
    """What a step does with vectors: those of the networks that begin at a lane."""

    def __init__(self, builder, vector, lanes, lane) -> None:
        self.builder, self.vector, self.lanes, self.lane = builder, vector, lanes, lane

    def place(self, base, row, stride):
        offset = self.builder.add(self.builder.mul(stride, I64(row)), self.lane)
        return self.builder.gep(base, [offset])

    def read(self, base, row, stride=None):
        return load(self.builder, self.place(base, row, stride or self.lanes), self.vector)

    def write(self, value, base, row):
        store(self.builder, value, self.place(base, row, self.lanes))

    def fma(self, a, b, c):
        return fma(self.builder, a, b, c)

    def dot(self, left, right, last):
        """Sum of products in their order, then ``last`` where there is one."""
        # From zero, as products of matrices: a bare first product would be fused with what follows.
        total = ir.Constant(self.vector, [0.0] * LANES)
        for a, b in zip(left, right, strict=True):
            total = self.fma(a, b, total)
        return self.builder.fadd(total, last) if last else total


def _step(v, arrays, numbers, below, hidden, bias) -> None:
    """Forward, backward and update of the networks in a vector, for one sample.

    Without ``below``, slopes are 1 and no weights decay.
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
    above = [b.fcmp_ordered(">", z[j], zero) for j in units]
    plain = below is None

    def bend(values):
        if plain:
            return values
        return [b.select(above[j], values[j], b.fmul(below, values[j])) for j in units]

    a = bend(z)
    error = b.fsub(v.dot(a, second[:hidden], second[hidden] if bias else None), target)
    delta = b.fmul(factor, error)
    v.write(v.fma(b.fmul(delta, error), half_weight, v.read(sums, 0)), sums, 0)
    back = bend([b.fmul(delta, second[j]) for j in units])
    rate = b.fneg(v.read(coefficients, 0, I64(REPEAT)))
    decay = v.read(coefficients, 3, I64(REPEAT))

    def update(weight, gradient, row):
        if not plain:
            gradient = v.fma(decay, weight, gradient)
        v.write(v.fma(rate, gradient, weight), weights, row)

    for j in units:
        update(second[j], b.fmul(a[j], delta), start + j)
        for k in range(inputs):
            update(first[k][j], b.fmul(x[k], back[j]), k * hidden + j)
        if bias:
            update(first[inputs][j], back[j], inputs * hidden + j)
    if bias:
        update(second[hidden], delta, start + hidden)


def steps(weights, coefficients, samples, sums, _5, place, lanes, count):
    """:func:`run_steps` with the arguments of :func:`simd.invoke`."""
    run_steps(place, weights, coefficients, samples, sums, lanes, int(count))


@cache
def address(dtype: str) -> int:
    """Address of :func:`steps`, compiled for a dtype."""
    function = specialise(steps, dtype, {}, f"steps_{dtype}")
    compiled = callback(invoke_signature(from_dtype(np.dtype(dtype))), function, cached=True)
    _alive.append(compiled)
    return compiled.address


_alive: list = []  # what was compiled lives as long as its address may be called

# --- what lanes call ------------------------------------------------------------------------------


@inline
def add_sample(online, data, w, place, row):
    """Put a sample where :func:`take_steps` finds it."""
    inputs, weight = data.inputs.shape[1], data.weights[row]
    for k in range(inputs):
        w[place + k] = data.inputs[row, k]
    w[place + MOST] = data.targets[row, 0]
    w[place + MOST + 1] = online.factor if weight > 0 else 0.0
    w[place + MOST + 2] = 0.5 * weight


@inline
def take_steps(online, lo, at, count):
    """Take all lanes through the samples that wait."""
    invoke(
        online.steps, at.w, lo.weights[0], lo.coefficients, lo.samples, lo.sums, lo.sums,
        online.place, at.lanes, float(count),
    )  # fmt: skip
