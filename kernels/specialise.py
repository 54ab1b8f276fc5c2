"""Copies of plain functions for one dtype, which every device compiles."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping

import numpy as np


def specialise(function: Callable, dtype, names: Mapping[str, object], name: str = "") -> Callable:
    """A copy of a plain function for one dtype.

    Parameters
    ----------
    function : plain Python function
    dtype : float constants in the code become numbers of this dtype, so that float32 stays so
    names : globals to be replaced, such as ``exp`` by a faster one
    name : the copy's own name; caches on disk are told apart by it
    """
    scalar = np.dtype(dtype).type
    code = function.__code__
    code = code.replace(
        co_consts=tuple(scalar(c) if isinstance(c, float) else c for c in code.co_consts)
    )
    copy = types.FunctionType(
        code, {**function.__globals__, **names}, function.__name__, None, function.__closure__
    )
    copy.__qualname__ = name or function.__qualname__
    copy.__module__ = function.__module__
    return copy
