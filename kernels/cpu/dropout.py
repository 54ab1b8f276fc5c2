"""Masks of dropout, drawn where they are needed from the same numbers as the reference's."""

from __future__ import annotations

from .. import counter
from ..specialise import Scalars
from .compile import internal

_drawn = Scalars("float64", internal)
layer_key, _keeps = _drawn(counter.dropout_key), _drawn(counter.keeps)


@internal
def mask(key, position, p):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    return 1.0 / (1.0 - p) if _keeps(key, position, p) else 0.0
