"""Dropout of a hidden layer in a step: the same draws as the reference's."""

from __future__ import annotations

from typing import Any, NamedTuple

from .arguments import own_row
from .compile import device_function
from .scalars import dropout_key


class LayerDropout(NamedTuple):
    """How a network drops the units of a layer in one step.

    Attributes
    ----------
    key : of the draws
    p : the probability with which a unit is dropped
    scale : 1 / (1 - p), which the other units are multiplied with
    """

    key: Any
    p: Any
    scale: Any


@device_function
def has_dropout(dropout, step):
    """Whether units drop out; a ``step`` of -1 stands for predictions and validation."""
    return dropout.p.shape[1] > 0 and step >= 0


@device_function
def layer_dropout(dropout, i, step, layer):
    """How network i drops the units of a layer."""
    p = dropout.p[own_row(dropout.p, i), layer]
    key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
    return LayerDropout(key, p, 1.0 / (1.0 - p))
