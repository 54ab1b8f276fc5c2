"""How Numba compiles what kernels are made of; :mod:`objects` keeps what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import numba

# A product may feed a sum in one rounding; nothing else may be reordered, so bits are stable.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
# Only compiled functions call these. Without wrappers for Python, compiling takes a fifth less.
INTERNAL = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def internal(function: Callable) -> Callable:
    """A function that only compiled ones call: from Python, a call crashes."""
    return numba.njit(_nrt=False, **INTERNAL)(function)


def inline(function: Callable) -> Callable:
    """As :func:`internal`, for functions that become part of their callers.

    A call hands over every field of every tuple and array, which takes longer than a short function
    itself. And a function is optimised anew with each of its callers: a long one that has a single
    caller compiles faster as a part of it.
    """
    return numba.njit(inline="always", _nrt=False, **OPTIONS)(function)
