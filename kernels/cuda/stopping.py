"""The functions of :mod:`bpfast.kernels.stopping`, compiled for GPUs."""

from __future__ import annotations

from .. import stopping as rules
from ..specialise import Scalars
from .compile import device_function

_made = Scalars("float64", device_function)
judge, write, finish = _made(rules.judge), _made(rules.write), _made(rules.finish)
