"""The functions of :mod:`bpfast.kernels.stopping`, compiled for the CPU, and one of its own."""

from __future__ import annotations

import numpy as np

from .. import stopping as rules
from ..specialise import Scalars
from .compile import inline, internal

_inlined = Scalars("float64", inline)
judge, write, finish = _inlined(rules.judge), _inlined(rules.write), _inlined(rules.finish)


@internal
def forget(stopping, epochs, i, done):
    """Take back what the first, careless run wrote after the last epoch that was sound."""
    last = min(epochs.column[epochs.epochs - 1], stopping.losses.shape[1] - 1)
    for column in range(epochs.column[done], last + 1):
        write(stopping, i, column, np.nan, np.nan, np.nan)
