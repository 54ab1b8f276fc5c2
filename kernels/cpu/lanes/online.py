"""Which networks take online steps: those so small that a step is one function."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...tables import OPTIMIZERS
from ...task import Network, Task, distinct
from .. import functions
from ..structs import Struct

MOST_UNITS = 4  # of the inputs, and of the hidden layer
STEPS = 64  # in a call; their losses are added in the networks' dtype
SAMPLE = MOST_UNITS + 3  # numbers of a sample: inputs, target, factor of the slope, half its weight
NEGATIVE_SLOPES = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}  # where z is not above 0
# A loss's slope is its factor times the error, and the loss half of the slope times the error. That
# is the loss's own formula to the last bit, since factors are powers of two; subnormal numbers are
# the exception.
SLOPE_FACTORS = {"half_squared_error": 1.0, "mse": 2.0}


class Online(NamedTuple):
    """How networks take online steps; ``steps`` is a function's address, 0 if they cannot."""

    steps: int
    table_index: int
    slope_factor: float
    negative_slope: float


ONLINE = Struct(
    Online, steps="int64", table_index="int64", slope_factor="float64", negative_slope="float64"
)


def online_of(task: Task) -> Online:
    """How a task's networks take online steps."""
    if not applies(task):
        return Online(0, 0, 0.0, 0.0)
    network, rule = task.network, OPTIMIZERS[task.optimizer.rule]
    decay = rule.hyperparameters.index("weight_decay")
    decays = distinct(task.optimizer.hyperparameters)[:, decay].any()
    plain = network.activations[0] == "identity" and not decays
    return Online(
        steps=functions.online_steps(task.state.parameters.dtype.name),
        table_index=table_index(network, plain),
        slope_factor=SLOPE_FACTORS[network.loss],
        negative_slope=NEGATIVE_SLOPES[network.activations[0]],
    )


def applies(task: Task) -> bool:
    """Whether a task's networks can take online steps."""
    network = task.network
    return (
        task.batch_size == 1
        and not task.summed
        and len(network.layers) == 3
        and max(network.layers[:2]) <= MOST_UNITS
        and network.layers[2] == 1
        and network.activations[0] in NEGATIVE_SLOPES
        and network.loss in SLOPE_FACTORS
        and task.optimizer.rule == "sgd"
        and task.optimizer.penalties.shape[1] == 0
        and task.dropout.shape[1] == 0
        and _count_fully(task.samples.weights)
    )


def _count_fully(weights: np.ndarray) -> bool:
    """Whether each sample counts 1 in a batch of its own, as quotients are rounded.

    One that counts 0 ends networks whose loss is infinite there, which online steps would not see.
    """
    wide = weights.astype(np.float64)
    shares = np.divide(1.0, wide, out=np.zeros_like(wide), where=wide > 0)
    return bool(((wide * shares).astype(weights.dtype) == 1.0).all())


def table_index(network: Network, plain: bool) -> int:
    """Where the function for an architecture is in the table.

    It is ``plain`` where all slopes of activations are 1 and no weights decay: then four operations
    of ten are left out.
    """
    inputs, hidden, _ = network.layers
    return (((inputs - 1) * MOST_UNITS + hidden - 1) * 2 + int(network.bias)) * 2 + int(plain)
