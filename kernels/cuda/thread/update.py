"""The optimiser's step in one thread: penalties, clipping, coefficients and new parameters."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import numpy as np

from ...task import Network
from .. import functions
from ..arguments import own_row
from ..compile import device_function
from ..functions import Functions
from ..scalars import clip_factor


def take_step_of(network: Network, spec: Functions) -> Callable:
    """``take_step(optimizing, net, i, loss, share)``: a step, with penalties times ``share``.

    Returns whether all is finite. Where it is not, no step is taken.
    """
    penalise, move = _penalise_of(network, spec), _move_of(network, spec)

    @device_function
    def take_step(optimizing, net, i, loss, share):
        if not isfinite(loss):
            return False
        if optimizing.penalties.shape[1] > 0:
            penalise(net, optimizing.penalties[own_row(optimizing.penalties, i)], share)
        return move(net)

    return take_step


def coefficients_of(spec: Functions) -> Callable:
    """``set_coefficients(optimizing, net, i, rate)``: of the next step."""
    real, rule = np.dtype(spec.dtype).type, functions.coefficients(spec)

    @device_function
    def set_coefficients(optimizing, net, i, rate):
        h = optimizing.hyperparameters[own_row(optimizing.hyperparameters, i)]
        power1, power2, c0, c1, c2, c3, c4, c5 = rule(
            rate, h[0], h[1], h[2], h[3], h[4], net.powers[0], net.powers[1]
        )
        net.powers[0], net.powers[1] = power1, power2
        c = net.coefficients
        c[0], c[1], c[2] = real(c0), real(c1), real(c2)
        c[3], c[4], c[5] = real(c3), real(c4), real(c5)

    return set_coefficients


def penalty_value_of(network: Network, spec: Functions) -> Callable:
    """``penalty_value(w, penalties)``: ``l1 |w| + l2 w**2 / 2``, summed over the weights."""
    size, is_weight = network.n_parameters, tuple(network.is_weight.astype(spec.dtype))

    @device_function
    def penalty_value(w, penalties):
        sizes, squares = 0.0, 0.0
        for q in range(size):
            x = np.float64(is_weight[q] * w[q])
            sizes += abs(x)
            squares += x * x
        return penalties[0] * sizes + 0.5 * penalties[1] * squares

    return penalty_value


def _penalise_of(network: Network, spec: Functions) -> Callable:
    """``penalise(net, penalties, share)``: adds the penalties' slopes to the gradient; clips it."""
    size, real = network.n_parameters, np.dtype(spec.dtype).type
    zero, one = real(0), real(1)
    is_weight = tuple(network.is_weight.astype(spec.dtype))  # 1, or 0 for a bias

    @device_function
    def penalise(net, penalties, share):
        w, g, limit = net.w, net.g, penalties[2]
        l1, l2 = real(penalties[0] * share), real(penalties[1] * share)
        square = 0.0
        for q in range(size):
            sign = (one if w[q] > zero else zero) - (one if w[q] < zero else zero)
            g[q] += is_weight[q] * (l1 * sign + l2 * w[q])
            square += np.float64(g[q]) * np.float64(g[q])
        factor = clip_factor(square, limit)
        if factor < 1.0:
            for q in range(size):
                g[q] *= real(factor)

    return penalise


def _move_of(network: Network, spec: Functions) -> Callable:
    """``move(net)``: new parameters and moments. Returns whether all parameters are finite.

    Where one is not, all stay as they were.
    """
    size, states = network.n_parameters, spec.rule.states
    real, update = np.dtype(spec.dtype).type, functions.update(spec)

    @device_function
    def move(net):
        w, g, m, v, c = net.w, net.g, net.m, net.v, net.coefficients
        finite = True
        for q in range(size):
            old = w[q]
            first = m[q] if states > 0 else real(0)
            second = v[q] if states > 1 else real(0)
            w[q], first, second = update(
                old, g[q], first, second, c[0], c[1], c[2], c[3], c[4], c[5]
            )
            g[q] = old
            if states > 0:
                m[q] = first
            if states > 1:
                v[q] = second
            finite = finite and isfinite(w[q])
        if not finite:
            for q in range(size):
                w[q] = g[q]
        return finite

    return move
