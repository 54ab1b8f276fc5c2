"""The functions of :mod:`bpfast.kernels.stopping`, compiled for GPUs."""

from __future__ import annotations

from .. import stopping as rules
from ..specialise import Scalars
from .compile import device_function

judge, write, finish = map(
    Scalars("float64", device_function), (rules.judge, rules.write, rules.finish)
)
