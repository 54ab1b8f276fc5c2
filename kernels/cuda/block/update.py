"""The optimiser's step of one network: coefficients, penalties, clipping and new parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .. import functions, tile
from ..collective import block_sum
from ..compile import device_function
from ..functions import Functions
from ..scalars import clip_factor
from .gradient import AHEAD
from .layout import FIRST_COEFFICIENT, FIRST_HYPERPARAMETER, Shape, layer_of


class Net(NamedTuple):
    """A network in training.

    Attributes
    ----------
    shape : the architecture
    shared : parameters and a chunk's values
    g : the gradient
    m : first moments; a parameter's second moment is ``second`` further
    rule : numbers of the optimiser's rule: see :mod:`layout`
    scratch : for sums over threads
    """

    shape: Shape
    shared: Any
    g: Any
    m: Any
    second: Any
    rule: Any
    scratch: Any


@cache
def coefficients_of(spec: Functions) -> Callable:
    """``set_coefficients(numbers, rate)``: of the next step, by the first thread for all."""
    coefficients, h, c = functions.coefficients(spec), FIRST_HYPERPARAMETER, FIRST_COEFFICIENT

    @device_function
    def set_coefficients(numbers, rate):
        if cuda.threadIdx.x == 0:
            power1, power2, c0, c1, c2, c3, c4, c5 = coefficients(
                rate, numbers[h], numbers[h + 1], numbers[h + 2], numbers[h + 3], numbers[h + 4],
                numbers[0], numbers[1],
            )  # fmt: skip
            numbers[0], numbers[1] = power1, power2
            numbers[c], numbers[c + 1], numbers[c + 2] = c0, c1, c2
            numbers[c + 3], numbers[c + 4], numbers[c + 5] = c3, c4, c5

    return set_coefficients


# --- penalties ------------------------------------------------------------------------------------


@device_function
def penalty_part(net, penalties):
    """A thread's part of ``l1 |w| + l2 w**2 / 2``, summed over the weights."""
    l1, half_l2 = penalties[0], 0.5 * penalties[1]
    value = 0.0
    for layer in range(net.shape.layers):
        own = layer_of(net.shape.table, layer)
        q = own.weights + cuda.threadIdx.x
        while q < own.biases:
            x = np.float64(net.shared[np.uint64(q)])
            value += l1 * abs(x) + half_l2 * x * x
            q += cuda.blockDim.x
    return value


@device_function
def penalise(net, penalties, share):
    """Add the penalties' slopes, times ``share``, to the gradient.

    Returns what clipping multiplies it with.
    """
    real = net.shared.dtype.type
    l1, l2, limit = real(penalties[0] * share), real(penalties[1] * share), penalties[2]
    zero, one = real(0), real(1)
    for layer in range(net.shape.layers):
        own = layer_of(net.shape.table, layer)
        q = own.weights + cuda.threadIdx.x
        while q < own.biases:
            x = net.shared[np.uint64(q)]
            sign = (one if x > zero else zero) - (one if x < zero else zero)
            net.g[np.uint64(q)] += l1 * sign + l2 * x
            q += cuda.blockDim.x
    cuda.syncthreads()
    if limit == inf:
        return one
    squares = block_sum(square_part(net.g, net.shape.size), net.scratch)
    return real(clip_factor(squares, limit))


@device_function
def square_part(g, size):
    """A thread's part of the sum of a gradient's squares."""
    square = 0.0
    q = cuda.threadIdx.x
    while q < size:
        x = np.float64(g[np.uint64(q)])
        square += x * x
        q += cuda.blockDim.x
    return square


# --- new parameters -------------------------------------------------------------------------------


@cache
def move_of(spec: Functions) -> Callable:
    """``move(net, factor)``: new parameters, by the gradient times ``factor``; g has the old ones.

    Returns whether this thread's are all finite.
    """
    real, states, update = np.dtype(spec.dtype).type, spec.rule.states, functions.update(spec)
    c = FIRST_COEFFICIENT

    @device_function
    def move(net, factor):
        w, g, m, rule, size, finite = net.shared, net.g, net.m, net.rule, net.shape.size, True
        c0, c1, c2 = real(rule[c]), real(rule[c + 1]), real(rule[c + 2])
        c3, c4, c5 = real(rule[c + 3]), real(rule[c + 4]), real(rule[c + 5])
        old, slopes = cuda.local.array(AHEAD, real), cuda.local.array(AHEAD, real)
        firsts, seconds = cuda.local.array(AHEAD, real), cuda.local.array(AHEAD, real)
        q = cuda.threadIdx.x
        while q < size:
            for u in range(AHEAD):
                index = tile.index_within(q, u, cuda.blockDim.x, size)
                old[u], slopes[u] = w[np.uint64(index)], g[np.uint64(index)]
                firsts[u] = m[np.uint64(index)] if states > 0 else real(0)
                seconds[u] = m[np.uint64(net.second + index)] if states > 1 else real(0)
            for u in range(AHEAD):
                if q < size:
                    index = np.uint64(q)
                    w[index], first, second = update(
                        old[u], factor * slopes[u], firsts[u], seconds[u], c0, c1, c2, c3, c4, c5
                    )
                    g[index] = old[u]
                    if states > 0:
                        m[index] = first
                    if states > 1:
                        m[np.uint64(net.second + q)] = second
                    finite = finite and isfinite(w[index])
                q += cuda.blockDim.x
        return finite

    return move
