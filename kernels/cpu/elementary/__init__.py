"""Vector forms of :mod:`math`'s functions, for each dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType, ModuleType

from . import float32, float64, forms


def _with(numbers: ModuleType) -> dict[Callable, Callable]:
    """What stands for functions of :mod:`math`, made with a dtype's numbers."""
    names = {**vars(forms), **vars(numbers)}
    for name, value in vars(forms).items():
        if isinstance(value, FunctionType) and value.__module__ == forms.__name__:
            names[name] = FunctionType(value.__code__, names, name)
    replaced = (math.erf, math.exp, math.expm1, math.log, math.log1p, math.tanh)
    return {function: names[function.__name__] for function in replaced}


FASTER = {"float32": _with(float32), "float64": _with(float64)}
