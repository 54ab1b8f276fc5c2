"""One network in a thread: a sample's forward and backward pass, and an update.

Only constant indices make registers of an array, so functions are made for one architecture and all
their loops are unrolled.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import numpy as np

from ...task import Network, layer_slices
from .. import functions
from ..arguments import own_row
from ..compile import device_function
from ..functions import Functions
from ..scalars import clip_factor, dropout_key, keeps

# --- a sample -------------------------------------------------------------------------------------


class Shape:
    """Where a layer's numbers begin, all of them constants of a kernel."""

    def __init__(self, network: Network, layer: int) -> None:
        self.d_in, self.d_out = network.layers[layer], network.layers[layer + 1]
        self.weights = layer_slices(network.layers, network.bias)[layer].start
        self.biases = self.weights + self.d_in * self.d_out
        self.before = sum(network.layers[:layer])
        self.after = self.before + self.d_in


def forward_of(network: Network, made: Functions, layer: int = 0) -> Callable:
    """``forward(w, a, d, dropout, i, step, position)``: values a and slopes d, layer by layer."""
    if layer == len(network.layers) - 1:

        @device_function
        def nothing(w, a, d, dropout, i, step, position):
            return

        return nothing
    shape = Shape(network, layer)
    d_in, d_out, weights, biases = shape.d_in, shape.d_out, shape.weights, shape.biases
    before, after, bias = shape.before, shape.after, network.bias
    hidden = layer < len(network.activations)
    kind = functions.activation_ids(network)[layer] if hidden else 0
    value, slope = functions.value(made), functions.slope(made)
    rest = forward_of(network, made, layer + 1)
    number = np.dtype(made.dtype).type

    @device_function
    def forward(w, a, d, dropout, i, step, position):
        for o in range(d_out):
            z = w[biases + o] if bias else number(0)
            for k in range(d_in):
                z += a[before + k] * w[weights + k * d_out + o]
            a[after + o] = z
        if hidden:
            for o in range(d_out):
                z = a[after + o]
                a[after + o] = value(kind, z)
                d[after + o] = slope(kind, z, a[after + o])
            if dropout.p.shape[1] > 0 and position >= 0:
                key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
                p = dropout.p[own_row(dropout.p, i), layer]
                kept = number(1.0 / (1.0 - p))
                for o in range(d_out):
                    factor = kept if keeps(key, position * d_out + o, p) else number(0)
                    a[after + o] *= factor
                    d[after + o] *= factor
        rest(w, a, d, dropout, i, step, position)

    return forward


def backward_of(network: Network, made: Functions, layer: int) -> Callable:
    """``backward(w, g, a, d)``: adds to the gradient g, from a layer down to the first."""
    shape = Shape(network, layer)
    d_in, d_out, weights, biases = shape.d_in, shape.d_out, shape.weights, shape.biases
    before, after, bias, inner = shape.before, shape.after, network.bias, layer > 0
    number = np.dtype(made.dtype).type
    rest = backward_of(network, made, layer - 1) if inner else None

    @device_function
    def layer_backward(w, g, a, d):
        if bias:
            for o in range(d_out):
                g[biases + o] += d[after + o]
        for k in range(d_in):
            total = number(0)
            for o in range(d_out):
                total += w[weights + k * d_out + o] * d[after + o]
                g[weights + k * d_out + o] += a[before + k] * d[after + o]
            if inner:
                d[before + k] *= total

    if rest is None:
        return layer_backward

    @device_function
    def backward(w, g, a, d):
        layer_backward(w, g, a, d)
        rest(w, g, a, d)

    return backward


# --- an update ------------------------------------------------------------------------------------


def _weighed(network: Network, made: Functions) -> tuple:
    """For each parameter 1, or 0 for a bias, which goes free of penalties."""
    free = np.ones(network.n_parameters, bool)
    for layer in range(len(network.layers) - 1):
        shape = Shape(network, layer)
        free[shape.weights : shape.biases] = False
    return tuple(np.dtype(made.dtype).type(not of_bias) for of_bias in free)


def penalty_value_of(network: Network, made: Functions) -> Callable:
    """``penalty_value(w, penalties)``: ``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    size, weighed = network.n_parameters, _weighed(network, made)

    @device_function
    def penalty_value(w, penalties):
        sizes, squares = 0.0, 0.0
        for q in range(size):
            x = np.float64(weighed[q] * w[q])
            sizes += abs(x)
            squares += x * x
        return penalties[0] * sizes + 0.5 * penalties[1] * squares

    return penalty_value


def penalise_of(network: Network, made: Functions) -> Callable:
    """``penalise(w, g, penalties, share)``: adds the penalties' slopes to g, and clips it."""
    size, number = network.n_parameters, np.dtype(made.dtype).type
    zero, one = number(0), number(1)
    weighed = _weighed(network, made)

    @device_function
    def penalise(w, g, penalties, share):
        l1, l2, longest = number(penalties[0] * share), number(penalties[1] * share), penalties[2]
        square = 0.0
        for q in range(size):
            sign = (one if w[q] > zero else zero) - (one if w[q] < zero else zero)
            g[q] += weighed[q] * (l1 * sign + l2 * w[q])
            square += np.float64(g[q]) * np.float64(g[q])
        factor = clip_factor(square, longest)
        if factor < 1.0:
            for q in range(size):
                g[q] *= number(factor)

    return penalise


def coefficients_of(made: Functions) -> Callable:
    """``coefficients(optimizing, i, rate, powers)``: the next powers, and a step's coefficients."""
    number, rule = np.dtype(made.dtype).type, functions.coefficients(made)

    @device_function
    def coefficients(optimizing, i, rate, powers):
        h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
        power1, power2, c0, c1, c2, c3, c4, c5 = rule(
            rate, h[0], h[1], h[2], h[3], h[4], powers[0], powers[1]
        )
        numbers = number(c0), number(c1), number(c2), number(c3), number(c4), number(c5)
        return (power1, power2), numbers

    return coefficients


def move_of(network: Network, made: Functions) -> Callable:
    """``move(w, g, m, v, c)``: a step with coefficients c; whether all parameters are finite.

    Where one is not, all are as they were.
    """
    size, states = network.n_parameters, made.rule.states
    number, update = np.dtype(made.dtype).type, functions.update(made)

    @device_function
    def move(w, g, m, v, c):
        sound = True
        for q in range(size):
            old = w[q]
            moment = m[q] if states > 0 else number(0)
            second = v[q] if states > 1 else number(0)
            w[q], moment, second = update(
                old, g[q], moment, second, c[0], c[1], c[2], c[3], c[4], c[5]
            )
            g[q] = old
            if states > 0:
                m[q] = moment
            if states > 1:
                v[q] = second
            sound = sound and isfinite(w[q])
        if not sound:
            for q in range(size):
                w[q] = g[q]
        return sound

    return move
