"""How many operations a case needs, by a model that anybody can check.

An operation is an instruction on a vector of float32: a multiply-add, a comparison, a selection.
Nothing here was timed, and nothing is taken from what the kernels happen to do. Loads and stores
are not counted: units of their own do them meanwhile. Layers count with their real widths, and
networks fill vectors without a rest. A function that is not in the tables below counts nothing.
"""

from __future__ import annotations

import math
from itertools import pairwise

from ...kernels.cpu import thread_count
from .cases import Case

# A division or a square root keeps a multiplier's unit busy for as long as 5 (half vectors, Zen 4)
# to 10 (whole ones, Intel) multiply-adds, by processors' manuals; an estimate and Newton's step
# take about as many operations.
DIVISION = ROOT = 8
# Functions of float32 to 2 units in the last place, as libraries for vectors have them:
EXP = 12  # 3 to reduce the argument, 2 to scale, a polynomial of degree 5 and 2 limits
EXPM1 = 14  # the same, and an exact difference
LOG = 14  # 4 to take the exponent off, a polynomial of degree 8, 2 to put it back
TANH = 15 + DIVISION  # two polynomials, of degrees 6 and 3 in the square, and limits
ERF = 20  # two polynomials of degree 8 or so, and a selection
# A 32-bit hash of a counter (two multiplications, three shifts, three exclusive ors), a comparison,
# and a product of the unit with 0 or 1 / (1 - p).
DROPOUT = 10

# For each hidden unit and sample: its value, and its slope times what comes back, where the slope
# may use what the value has computed already.
ACTIVATIONS = {
    "identity": 0,
    "relu": 1 + 2,
    "leaky_relu": 3 + 3,
    "tanh": TANH + 2,
    "sigmoid": EXP + DIVISION + 4 + 3,
    "softplus": EXP + LOG + 4 + DIVISION + 3,  # the slope is the sigmoid, whose exp is there
    "elu": EXPM1 + 3 + 4,
    "silu": EXP + DIVISION + 5 + 4,
    "gelu": ERF + 3 + EXP + 5,
}
# For each output and sample: the loss, and its derivative.
LOSSES = {
    "half_squared_error": 3,
    "mse": 4,
    "mae": 6,
    "huber": 9,
    "quantile": 7,
    "poisson": 2 * EXP + LOG + 9,
    "binary_cross_entropy": EXP + LOG + DIVISION + 9,
    "cross_entropy": EXP + 7,  # the largest, a difference, a sum, a share, less the target
}
SOFTMAX = LOG + DIVISION  # once a sample: the sum's logarithm, and its reciprocal
# For each parameter and step.
RULES = {
    "sgd": 2,
    "sgd_momentum": 4,
    "sgd_velocity": 4,
    "adam": 9 + ROOT + DIVISION,
    "adam_epsilon_hat": 9 + ROOT + DIVISION,
    "rmsprop": 7 + ROOT + DIVISION,
}
PENALTIES = {
    "l1": 2,  # a sign, and its multiply-add
    "l2": 1,
    "clip_norm": 2,  # the sum of squares, and a product
}


def operations(case: Case) -> float:
    """Operations of a sample-update."""
    weights = [a * b for a, b in pairwise(case.layers)]
    units, outputs = sum(case.layers[1:-1]), case.layers[-1]
    hidden = units * (ACTIVATIONS.get(case.activation, 0) + DROPOUT * (case.dropout > 0))
    forward = sum(weights) + case.bias * (units + outputs)
    # gradients of weights and biases, and what goes back through all layers but the first
    backward = forward + sum(weights[1:])
    steps = math.ceil(case.rows / case.batch_size)
    count = forward + backward + hidden + _loss(case) + _step(case) * steps / case.rows
    count += (forward + hidden / 2 + _loss(case)) * case.validation / case.rows
    return count * (2 if case.dtype == "float64" else 1)  # half as many numbers in a vector


def _loss(case: Case) -> int:
    """Operations of a sample's loss."""
    softmax = SOFTMAX if case.loss == "cross_entropy" else 0
    return case.layers[-1] * (LOSSES.get(case.loss, 0) + case.weights) + softmax


def _step(case: Case) -> int:
    """Operations of a step, whatever its batch."""
    optimizer = case.optimizer
    penalties = {
        "l1": bool(optimizer.l1),
        "l2": bool(optimizer.l2),
        "clip_norm": optimizer.clip_norm is not None,
    }
    each = RULES.get(optimizer.resolve(case.networks, 1).rule, 0)
    each += sum(PENALTIES[name] for name, given in penalties.items() if given)
    return each * case.mlp.n_parameters


def speed(case: Case) -> float:
    """Sample-updates that the count allows, in units of a full machine's operations a second."""
    return _busy(case) / operations(case)


def _busy(case: Case) -> float:
    """The share of threads that a case may use: one network on one of k is a k-th of them.

    A large batch is cut over all.
    """
    if case.size == "large batch":
        return 1.0
    return min(1.0, case.networks / thread_count())
