"""Masks of dropout, drawn where they are needed from the same numbers as the reference's."""

from __future__ import annotations

from .. import counter
from ..specialise import Scalars
from .arguments import own_row
from .compile import internal

_drawn = Scalars("float64", internal)
_dropout_key, _keeps = _drawn(counter.dropout_key), _drawn(counter.keeps)


@internal
def layer_mask(dropout, i, step, layer):
    """Key and probability of network i's mask for a hidden layer in a step."""
    key = _dropout_key(dropout.keys[own_row(dropout.keys, i)], step, layer)
    return key, dropout.p[own_row(dropout.p, i), layer]


@internal
def mask_factor(mask, position):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    key, p = mask
    return 1.0 / (1.0 - p) if _keeps(key, position, p) else 0.0
