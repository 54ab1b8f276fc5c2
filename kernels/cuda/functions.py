"""The functions that a kernel is made with: an architecture's activations, its loss and its rule.

A GPU cannot call by address as the CPU's kernels do, so each set of functions makes a kernel of its
own. Sizes and all numbers stay arguments where a strategy lets them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Any, NamedTuple

import numpy as np

from ..tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS, Activation, Loss, Rule
from ..task import Network
from .compile import device_function
from .scalars import scalar


class Functions(NamedTuple):
    """What tells one kernel from another; functions count, not their names."""

    activations: tuple[Activation, ...]
    loss: Loss
    rule: Rule
    dtype: str


def functions(network: Network, rule: str, dtype: str) -> Functions:
    """Functions of a network, each activation once, and of a rule."""
    used = tuple(ACTIVATIONS[name] for name in _distinct(network))
    return Functions(used, LOSSES[network.loss], OPTIMIZERS[rule], dtype)


def activation_ids(network: Network) -> list[int]:
    """Which of :func:`functions`' activations each hidden layer has."""
    return [_distinct(network).index(name) for name in network.activations]


def _distinct(network: Network) -> list[str]:
    # a network without hidden layers has a kernel too, which asks for no activation
    return list(dict.fromkeys(network.activations)) or ["identity"]


def value(made: Functions) -> Callable:
    """``value(activation_id, z)``: an activation."""
    return _choice([scalar(one.value, made.dtype) for one in made.activations])


def slope(made: Functions) -> Callable:
    """``slope(activation_id, z, a)``: an activation's derivative."""
    return _choice([scalar(one.slope, made.dtype) for one in made.activations])


def _choice(choices: Sequence[Callable]) -> Callable:
    """``choose(k, *x)`` calls the k-th; all threads of a block choose the same."""
    first, *others = choices
    if not others:

        @device_function
        def choose(k, *x):
            return first(*x)

        return choose
    rest = _choice(others)

    @device_function
    def choose_one(k, *x):
        return first(*x) if k == 0 else rest(k - 1, *x)

    return choose_one


def row_loss(made: Functions) -> Callable:
    """``row_loss(z, at, outputs, targets, first, width, scale, c)``: the loss of one sample.

    Its last values ``z[at : at + outputs]`` become the loss's slope times ``scale``; its targets
    are ``targets[first : first + width]``.
    """
    one_value, one_slope = scalar(made.loss.value, made.dtype), scalar(made.loss.slope, made.dtype)
    number = np.dtype(made.dtype).type
    zero, one = number(0), number(1)

    @device_function
    def each_output(z, at, outputs, targets, first, width, scale, c):
        loss = zero
        for o in range(outputs):
            here = np.uint64(at + o)
            p, t = z[here], targets[np.uint64(first + o)]
            loss += number(one_value(p, t, c))
            z[here] = scale * number(one_slope(p, t, c))
        return loss

    @device_function
    def softmax(z, at, outputs, targets, first, width, scale, c):
        top = z[np.uint64(at)]
        for o in range(1, outputs):
            p = z[np.uint64(at + o)]
            top = p if p > top else top
        exponentials, total = zero, zero
        labels = width == 1
        label = int(targets[np.uint64(first)]) if labels else -1
        for o in range(outputs):
            exponentials += number(exp(z[np.uint64(at + o)] - top))
            total += zero if labels else targets[np.uint64(first + o)]
        if labels:
            total = one
        log_sum, share = number(log(exponentials)), one / exponentials
        loss = zero
        for o in range(outputs):
            p, t = z[np.uint64(at + o)] - top, one if o == label else zero
            if not labels:
                t = targets[np.uint64(first + o)]
            loss += number(one_value(p, t, log_sum, c))
            slope = one_slope(number(exp(p)) * share, t, total)
            z[np.uint64(at + o)] = scale * number(slope)
        return loss

    return softmax if made.loss.inverse_link == "softmax" else each_output


def inverse_link(made: Functions) -> Callable:
    """``predict(z, at, outputs)``: one sample's last values become its predictions."""
    number = np.dtype(made.dtype).type
    zero = number(0)
    function = INVERSE_LINKS[made.loss.inverse_link].value
    value: Any = scalar(function, made.dtype) if function else None

    @device_function
    def identity(z, at, outputs):
        return

    @device_function
    def each_output(z, at, outputs):
        for o in range(outputs):
            z[np.uint64(at + o)] = value(z[np.uint64(at + o)])

    @device_function
    def softmax(z, at, outputs):
        top, total = z[np.uint64(at)], zero
        for o in range(1, outputs):
            p = z[np.uint64(at + o)]
            top = p if p > top else top
        for o in range(outputs):
            here = np.uint64(at + o)
            z[here] = number(exp(z[here] - top))
            total += z[here]
        for o in range(outputs):
            z[np.uint64(at + o)] /= total

    if value:
        return each_output
    return softmax if made.loss.inverse_link == "softmax" else identity


def update(made: Functions) -> Callable:
    """The rule's step of one parameter, ``update(w, g, m, v, c0..c5)``."""
    return scalar(made.rule.update, made.dtype)


def coefficients(made: Functions) -> Callable:
    """The rule's coefficients of a step, always in float64."""
    return scalar(made.rule.coefficients, "float64")
