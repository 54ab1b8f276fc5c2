"""Masks of dropout, drawn where they are needed from the same numbers as the reference's."""

from __future__ import annotations

import numpy as np

from .. import counter
from ..specialise import specialise
from .arguments import own_row
from .compile import internal

_mix = internal(counter.mix)
_join = internal(specialise(counter.join, np.float64, {"mix": _mix}))
_uniform24 = internal(specialise(counter.uniform24, np.float64, {"mix": _mix}))


@internal
def layer_mask(dropout, i, step, layer):
    """Key and probability of network i's mask for a hidden layer in a step."""
    key = _join(dropout.keys[own_row(dropout.keys, i)], np.uint64(step))
    return _join(key, np.uint64(layer)), dropout.p[own_row(dropout.p, i), layer]


@internal
def mask_factor(mask, position):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    key, p = mask
    return 1.0 / (1.0 - p) if _uniform24(key, np.uint64(position)) >= p else 0.0
