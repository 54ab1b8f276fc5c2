"""Scalar functions of :mod:`math` as loops over arrays, compiled once and called by address.

Each loop below is a template: ``value``, ``slope``, ``update`` and ``coefficients`` stand for the
scalar functions that it is made with. Kernels get addresses, so a new activation, loss or optimiser
compiles its own loop and nothing else. All loops take the arguments of :func:`simd.invoke`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, log
from typing import Any

import numpy as np
from numba import carray, from_dtype

from .. import math
from ..tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from .compile import callback
from .scalars import scalar, specialiser
from .simd import LANES, invoke_signature, separate

SCRATCH = 3  # rows of a loss's own; with softmax, as many more as there are outputs
REPEAT = 8 * LANES  # numbers over which an optimiser's coefficients are repeated

value: Any = None
slope: Any = None
update: Any = None
coefficients: Any = None


def activate(z, d, _3, _4, _5, n, _n2, _x):
    """z becomes f(z), d its slope: n numbers."""
    separate()
    outputs, slopes = carray(z, n), carray(d, n)
    for k in range(n):
        before = outputs[k]
        after = value(before)
        outputs[k] = after
        slopes[k] = slope(before, after)


def compute_loss(z, t, scale, loss, _5, outputs, n, parameter):
    """Losses of n samples with some outputs, and z becomes their slope; all times ``scale``.

    z and t are (outputs, n), scale and loss (n,). ``parameter`` is the loss's own.
    """
    separate()
    losses, scales = carray(loss, n), carray(scale, n)
    c = scales.dtype.type(parameter)
    for k in range(n):
        losses[k] = 0.0
    for o in range(outputs):
        values, targets = carray(z, (outputs, n))[o], carray(t, (outputs, n))[o]
        for k in range(n):
            losses[k] += scales[k] * value(values[k], targets[k], c)
        for k in range(n):
            values[k] = scales[k] * slope(values[k], targets[k], c)


def compute_softmax_loss(z, t, scale, loss, scratch, outputs, n, parameter):
    """As :func:`compute_loss`, for a loss of all of a sample's outputs together.

    Scratch is (SCRATCH + outputs, n).
    """
    separate()
    values, targets = carray(z, (outputs, n)), carray(t, (outputs, n))
    losses, scales = carray(loss, n), carray(scale, n)
    c = scales.dtype.type(parameter)
    rows = carray(scratch, (SCRATCH + outputs, n))
    top, part, total, shares = rows[0], rows[1], rows[2], rows[SCRATCH:]
    for k in range(n):
        losses[k] = 0.0
        total[k] = 0.0
        part[k] = 0.0
        shares[0, k] = values[0, k]
    for o in range(1, outputs):  # from row to row: a place that some lanes write is read late
        for k in range(n):
            shares[o, k] = max(shares[o - 1, k], values[o, k])
    for k in range(n):
        top[k] = shares[outputs - 1, k]
    for o in range(outputs):
        for k in range(n):
            total[k] += targets[o, k]
            values[o, k] -= top[k]
            shares[o, k] = exp(values[o, k])
            part[k] += shares[o, k]
    log_sum = top
    for k in range(n):
        log_sum[k] = log(part[k])
        part[k] = 1.0 / part[k]
    for o in range(outputs):
        for k in range(n):
            losses[k] += scales[k] * value(values[o, k], targets[o, k], log_sum[k], c)
            slope_k = slope(shares[o, k] * part[k], targets[o, k], total[k])
            values[o, k] = scales[k] * slope_k


def predict_each(z, _2, _3, _4, _5, outputs, n, _x):
    """z (outputs, n) becomes predictions, each on its own."""
    values = carray(z, outputs * n)
    for k in range(outputs * n):
        values[k] = value(values[k])


def predict_softmax(z, _2, _3, _4, scratch, outputs, n, _x):
    """z (outputs, n) becomes probabilities that sum to 1 for each of n; scratch is (3, n)."""
    separate()
    values, rows = carray(z, (outputs, n)), carray(scratch, (3, n))
    top, total = rows[0], rows[1]
    for k in range(n):
        total[k] = 0.0
        top[k] = values[0, k]
    for o in range(1, outputs):
        for k in range(n):
            top[k] = max(top[k], values[o, k])
    for o in range(outputs):
        for k in range(n):
            values[o, k] = exp(values[o, k] - top[k])
            total[k] += values[o, k]
    for o in range(outputs):
        for k in range(n):
            values[o, k] = values[o, k] / total[k]


def step_stateless(weight, gradient, _m, _v, coefficient, n, period, _x):
    """Move n parameters; coefficients are (6, REPEAT), and repeat along n every ``period`` numbers.

    That is 1, or divides REPEAT.
    """
    separate()
    c = carray(coefficient, (6, REPEAT))
    if period == 1:
        w, g = carray(weight, n), carray(gradient, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], _, _ = update(w[k], g[k], 0.0, 0.0, *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = carray(weight, n)[start : start + size], carray(gradient, n)[start : start + size]
        for k in range(size):
            w[k], _, _ = update(
                w[k], g[k], 0.0, 0.0, c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def step_one_state(weight, gradient, moment, _v, coefficient, n, period, _x):
    """As :func:`step_stateless`, with one state value a parameter."""
    separate()
    c = carray(coefficient, (6, REPEAT))
    if period == 1:
        w, g, m = carray(weight, n), carray(gradient, n), carray(moment, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], m[k], _ = update(w[k], g[k], m[k], 0.0, *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = carray(weight, n)[start : start + size], carray(gradient, n)[start : start + size]
        m = carray(moment, n)[start : start + size]
        for k in range(size):
            w[k], m[k], _ = update(
                w[k], g[k], m[k], 0.0, c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def step_two_states(weight, gradient, moment, second, coefficient, n, period, _x):
    """As :func:`step_stateless`, with two state values a parameter."""
    separate()
    c = carray(coefficient, (6, REPEAT))
    if period == 1:
        w, g = carray(weight, n), carray(gradient, n)
        m, v = carray(moment, n), carray(second, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], m[k], v[k] = update(w[k], g[k], m[k], v[k], *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = carray(weight, n)[start : start + size], carray(gradient, n)[start : start + size]
        m, v = carray(moment, n)[start : start + size], carray(second, n)[start : start + size]
        for k in range(size):
            w[k], m[k], v[k] = update(
                w[k], g[k], m[k], v[k], c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def prepare(inputs, powers, results, _4, _5, n, _n2, _x):
    """Coefficients of n networks: inputs (6, n) rate and hyperparameters, powers (2, n)."""
    i, p, r = carray(inputs, (6, n)), carray(powers, (2, n)), carray(results, (6, n))
    for k in range(n):
        p[0, k], p[1, k], r[0, k], r[1, k], r[2, k], r[3, k], r[4, k], r[5, k] = coefficients(
            i[0, k], i[1, k], i[2, k], i[3, k], i[4, k], i[5, k], p[0, k], p[1, k]
        )


STEPS = (step_stateless, step_one_state, step_two_states)

# --- making them ----------------------------------------------------------------------------------


@cache
def _compiled(template: Callable, dtype: str, label: str, **made_with: Callable) -> int:
    """A template made with some scalar functions; the functions are part of the cache's key."""
    names = {name: scalar(function, dtype) for name, function in made_with.items()}
    ours = all(function.__module__ == math.__name__ for function in made_with.values())
    function = specialiser(dtype).copy(template, names, f"{template.__name__}_{label}")
    return callback(invoke_signature(from_dtype(np.dtype(dtype))), function, cached=ours)


def activation(name: str, dtype: str) -> int:
    """Address of :func:`activate` for an activation."""
    chosen = ACTIVATIONS[name]
    return _compiled(activate, dtype, name, value=chosen.value, slope=chosen.slope)


def loss(name: str, dtype: str) -> int:
    """Address of :func:`compute_loss` or :func:`compute_softmax_loss` for a loss."""
    chosen = LOSSES[name]
    template = compute_softmax_loss if chosen.inverse_link == "softmax" else compute_loss
    return _compiled(template, dtype, name, value=chosen.value, slope=chosen.slope)


def inverse_link(name: str, dtype: str) -> int:
    """Address of what turns a loss's last values into predictions, 0 where nothing does."""
    chosen = LOSSES[name].inverse_link
    if chosen == "softmax":
        return _compiled(predict_softmax, dtype, chosen)
    function = INVERSE_LINKS[chosen].value
    return _compiled(predict_each, dtype, chosen, value=function) if function else 0


def optimizer(rule: str, dtype: str) -> tuple[int, int]:
    """Addresses of a rule's step, and of :func:`prepare`, which is always float64."""
    chosen = OPTIMIZERS[rule]
    step = _compiled(STEPS[chosen.states], dtype, rule, update=chosen.update)
    return step, _compiled(prepare, "float64", rule, coefficients=chosen.coefficients)


def all_built_in(dtype: str) -> None:
    """Compile everything, or read it from the cache."""
    for name in ACTIVATIONS:
        activation(name, dtype)
    for name in LOSSES:
        loss(name, dtype)
        inverse_link(name, dtype)
    for rule in OPTIMIZERS:
        optimizer(rule, dtype)
