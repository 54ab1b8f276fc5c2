"""Masks of dropout, drawn where they are needed from the same numbers as the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import counter
from ..specialise import Specialiser
from . import device
from .arguments import own_row
from .compile import device_function


def _drawing(function: Callable) -> Any:
    """A device function without NumPy's warnings of integers that overflow, as a hash's must."""
    if not device.simulated():
        return device_function(function)

    def called(*arguments):
        with np.errstate(over="ignore"):
            return function(*arguments)

    return called


_drawn = Specialiser("float64", _drawing)
dropout_key, keeps = _drawn(counter.dropout_key), _drawn(counter.keeps)
least_kept = _drawn(counter.least_kept)


class Mask(NamedTuple):
    """A network's mask for a hidden layer in a step: a unit is kept where ``keeps(key, q, least)``.

    Attributes
    ----------
    key : of the draws, of which unit q has the q-th
    least : the least draw of a unit that is kept
    scale : 1 / (1 - p), which the units that are kept are multiplied with
    """

    key: Any
    least: Any
    scale: Any


@device_function
def drops_units(dropout, step):
    """Whether networks drop units: with a ``step`` of -1, as in validation, they do not."""
    return dropout.p.shape[1] > 0 and step >= 0


@device_function
def layer_mask(dropout, i, step, layer):
    """Network i's mask for a hidden layer in a step."""
    key = dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
    p = dropout.p[own_row(dropout.p, i), layer]
    return Mask(key, least_kept(p), 1.0 / (1.0 - p))
