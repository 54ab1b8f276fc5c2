"""Masks of dropout, drawn where they are needed from the same numbers as the reference's."""

from __future__ import annotations

import numpy as np

from .. import counter
from ..specialise import specialise
from .compile import internal

_mix = internal(counter.mix)
_join = internal(specialise(counter.join, np.float64, {"mix": _mix}))
_uniform24 = internal(specialise(counter.uniform24, np.float64, {"mix": _mix}))


@internal
def layer_key(key, step, layer):
    """Key of a network's masks for a hidden layer in a step."""
    return _join(_join(key, np.uint64(step)), np.uint64(layer))


@internal
def mask(key, position, p):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    return 1.0 / (1.0 - p) if _uniform24(key, np.uint64(position)) >= p else 0.0
