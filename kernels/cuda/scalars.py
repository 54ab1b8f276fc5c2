"""Scalar functions of :mod:`math` and :mod:`counter` as CUDA kernels call them.

In the simulator they are called as Python has them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType

import numpy as np

from .. import counter, math
from ..specialise import specialise
from . import device
from .compile import device_function


@cache
def scalar(function: Callable, dtype: str) -> Callable:
    """A scalar function of ours or of a user, for one dtype."""
    if function.__module__ == math.__name__:
        return _names(dtype)[function.__name__]
    return device_function(specialise(function, dtype, NAN_KEEPING))


@device_function
def _max(a, b):
    return b if b > a else a


@device_function
def _min(a, b):
    return b if b < a else a


NAN_KEEPING = {"max": _max, "min": _min}  # as in Python; the GPU's own drop a NaN


@cache
def _names(dtype: str) -> dict[str, Callable]:
    """The functions of :mod:`math` for one dtype, by name."""
    copies = [
        specialise(function, dtype, NAN_KEEPING)
        for function in vars(math).values()
        if isinstance(function, FunctionType) and function.__module__ == math.__name__
    ]
    names = {copy.__name__: device_function(copy) for copy in copies}
    for copy in copies:  # names are looked up when they are compiled, which is later
        copy.__globals__.update(names)
    return names


def _quiet(function: Callable) -> Callable:
    """NumPy warns of whole numbers that overflow, as a hash's do on purpose."""
    if not device.simulated():
        return function

    def called(*arguments):
        with np.errstate(over="ignore"):
            return function(*arguments)

    return called


_mix = device_function(counter.mix)
_join = device_function(specialise(counter.join, "float64", {"mix": _mix}))
_uniform24 = device_function(specialise(counter.uniform24, "float64", {"mix": _mix}))


@device_function
@_quiet
def dropout_key(key, step, layer):
    """Key of a hidden layer's draws in a step."""
    return _join(_join(key, np.uint64(step)), np.uint64(layer))


@device_function
@_quiet
def uniform24(key, position):
    """Draw at a position, as :func:`counter.uniform24` has it."""
    return _uniform24(key, np.uint64(position))


@device_function
def keeps(key, position, p):
    """Whether a hidden unit stays; with probability p it does not."""
    return uniform24(key, position) >= p


@device_function
def mask(key, position, p):
    """What a hidden unit is multiplied with: 0 with probability p, else 1 / (1 - p)."""
    return 1.0 / (1.0 - p) if keeps(key, position, p) else 0.0
