"""How kernels are compiled: options, and Numba's cache in our folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numba
from numba import config

from ..cache import cache_folder

# A product may feed a sum in one rounding; nothing else may be reordered, so bits are stable.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
# Only compiled functions call these. Without wrappers for Python, compiling takes a fifth less.
INTERNAL = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_one_at_a_time = threading.RLock()


def _cached(compile_function: Callable[[bool], Any]) -> Any:
    """Run a Numba decorator while its cache folder is ours, one thread at a time."""
    folder = cache_folder()
    with _one_at_a_time:
        before = config.CACHE_DIR
        config.CACHE_DIR = folder or before
        try:
            return compile_function(folder is not None)
        finally:
            config.CACHE_DIR = before


def jit(function: Callable) -> Callable:
    """Numba's ``njit`` with our options and our cache."""
    return _cached(lambda cached: numba.njit(cache=cached, _nrt=False, **OPTIONS)(function))


def internal(function: Callable) -> Callable:
    """As :func:`jit`, for functions that only compiled ones call: from Python, a call crashes."""
    return _cached(lambda cached: numba.njit(cache=cached, _nrt=False, **INTERNAL)(function))


def reduction(function: Callable) -> Callable:
    """As :func:`internal`, for sums whose order is the compiler's, always the same one."""
    options = INTERNAL | {"fastmath": {"contract", "reassoc"}}
    return _cached(lambda cached: numba.njit(cache=cached, _nrt=False, **options)(function))


def inline(function: Callable) -> Callable:
    """As :func:`internal`, for functions that become part of their callers.

    A call hands over every field of every tuple and array, which takes longer than a short function
    itself. And a function is optimised anew with each of its callers: a long one that has a single
    caller compiles faster as a part of it.
    """
    return numba.njit(inline="always", _nrt=False, **OPTIONS)(function)


def callback(signature, function: Callable, cached: bool) -> int:
    """Address of a function that is compiled by Numba's ``cfunc`` with our options, for good."""
    options = {k: v for k, v in OPTIONS.items() if k != "nogil"}
    compiled = _cached(
        lambda able: numba.cfunc(signature, cache=able and cached, **options)(function)
    )
    _callbacks.append(compiled)
    return compiled.address


_callbacks: list[Any] = []  # compiled functions live as long as their addresses may be called
