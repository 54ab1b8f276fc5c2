"""Scalar functions of :mod:`math` as loops over arrays.

Each loop below is a template: ``value``, ``slope``, ``update`` and ``coefficients`` stand for the
scalar functions that it is made with. All loops take the arguments of :func:`simd.invoke`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from typing import Any

from ..tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from .scalars import scalar, specialiser
from .simd import array, separate
from .workspace import REPEAT, SCRATCH

value: Any = None
slope: Any = None
update: Any = None
coefficients: Any = None


def activate(z, d, _3, _4, _5, n, _n2, _x):
    """z becomes f(z), d its slope: n numbers."""
    separate()
    outputs, slopes = array(z, n), array(d, n)
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
    losses, scales = array(loss, n), array(scale, n)
    c = scales.dtype.type(parameter)
    for k in range(n):
        losses[k] = 0.0
    for o in range(outputs):
        values, targets = array(z, (outputs, n))[o], array(t, (outputs, n))[o]
        for k in range(n):
            losses[k] += scales[k] * value(values[k], targets[k], c)
        for k in range(n):
            values[k] = scales[k] * slope(values[k], targets[k], c)


def compute_softmax_loss(z, t, scale, loss, scratch, outputs, n, parameter):
    """As :func:`compute_loss`, for a loss of all of a sample's outputs together.

    Scratch is (SCRATCH + outputs, n).
    """
    separate()
    values, targets = array(z, (outputs, n)), array(t, (outputs, n))
    losses, scales = array(loss, n), array(scale, n)
    c = scales.dtype.type(parameter)
    rows = array(scratch, (SCRATCH + outputs, n))
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
    values = array(z, outputs * n)
    for k in range(outputs * n):
        values[k] = value(values[k])


def predict_softmax(z, _2, _3, _4, scratch, outputs, n, _x):
    """z (outputs, n) becomes probabilities that sum to 1 for each of n; scratch is (3, n)."""
    separate()
    values, rows = array(z, (outputs, n)), array(scratch, (3, n))
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
    c = array(coefficient, (6, REPEAT))
    if period == 1:
        w, g = array(weight, n), array(gradient, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], _, _ = update(w[k], g[k], 0.0, 0.0, *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = array(weight, n)[start : start + size], array(gradient, n)[start : start + size]
        for k in range(size):
            w[k], _, _ = update(
                w[k], g[k], 0.0, 0.0, c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def step_one_state(weight, gradient, moment, _v, coefficient, n, period, _x):
    """As :func:`step_stateless`, with one state value a parameter."""
    separate()
    c = array(coefficient, (6, REPEAT))
    if period == 1:
        w, g, m = array(weight, n), array(gradient, n), array(moment, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], m[k], _ = update(w[k], g[k], m[k], 0.0, *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = array(weight, n)[start : start + size], array(gradient, n)[start : start + size]
        m = array(moment, n)[start : start + size]
        for k in range(size):
            w[k], m[k], _ = update(
                w[k], g[k], m[k], 0.0, c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def step_two_states(weight, gradient, moment, second, coefficient, n, period, _x):
    """As :func:`step_stateless`, with two state values a parameter."""
    separate()
    c = array(coefficient, (6, REPEAT))
    if period == 1:
        w, g = array(weight, n), array(gradient, n)
        m, v = array(moment, n), array(second, n)
        one = c[0, 0], c[1, 0], c[2, 0], c[3, 0], c[4, 0], c[5, 0]
        for k in range(n):
            w[k], m[k], v[k] = update(w[k], g[k], m[k], v[k], *one)
        return
    for start in range(0, n, REPEAT):
        size = min(REPEAT, n - start)
        w, g = array(weight, n)[start : start + size], array(gradient, n)[start : start + size]
        m, v = array(moment, n)[start : start + size], array(second, n)[start : start + size]
        for k in range(size):
            w[k], m[k], v[k] = update(
                w[k], g[k], m[k], v[k], c[0, k], c[1, k], c[2, k], c[3, k], c[4, k], c[5, k]
            )


def prepare(inputs, powers, results, _4, _5, n, _n2, _x):
    """Coefficients of n networks: inputs (6, n) rate and hyperparameters, powers (2, n)."""
    i, p, r = array(inputs, (6, n)), array(powers, (2, n)), array(results, (6, n))
    for k in range(n):
        p[0, k], p[1, k], r[0, k], r[1, k], r[2, k], r[3, k], r[4, k], r[5, k] = coefficients(
            i[0, k], i[1, k], i[2, k], i[3, k], i[4, k], i[5, k], p[0, k], p[1, k]
        )


# --- making them ----------------------------------------------------------------------------------


def made(template: str, name: str, dtype: str) -> Callable:
    """A template made with an activation's, a loss's or a rule's functions, not yet compiled."""
    functions = {
        part: scalar(function, dtype) for part, function in _made_with(template, name).items()
    }
    return specialiser(dtype).copy(globals()[template], functions, f"{template}_{name}")


def _made_with(template: str, name: str) -> dict[str, Callable]:
    """The scalar functions of a row of the tables that a template is made with."""
    if template == "activate":
        return {"value": ACTIVATIONS[name].value, "slope": ACTIVATIONS[name].slope}
    if template in ("compute_loss", "compute_softmax_loss"):
        return {"value": LOSSES[name].value, "slope": LOSSES[name].slope}
    if template.startswith("step"):
        return {"update": OPTIMIZERS[name].update}
    if template == "prepare":
        return {"coefficients": OPTIMIZERS[name].coefficients}
    link = INVERSE_LINKS[name].value
    return {"value": link} if link else {}
