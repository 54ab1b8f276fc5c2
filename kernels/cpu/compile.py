"""How kernels are compiled: options, and Numba's cache in our folder."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import numba
from numba import config
from numba.core import caching

from ..cache import cache_folder

# A product may feed a sum in one rounding; nothing else may be reordered, so bits are stable.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
# Only compiled functions call these. Without wrappers for Python, compiling takes a fifth less.
INTERNAL = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_one_at_a_time = threading.RLock()


class CacheFiles(caching.IndexDataCacheFile):
    """The files of one function's compiled forms, which processes may write at the same time.

    Numba numbers them: two processes that compile a function for different types give both the
    same number, and the index may keep one's types with the other's code. Here each file is named
    after what it was compiled for. A form that the index loses is compiled once more.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep what was compiled for a key."""
        kept = self._load_index()
        if key not in kept:
            digest = hashlib.sha256(self._dump(key)).digest()
            kept[key] = self._data_name(int.from_bytes(digest[:8], "big"))
            self._save_index(kept)
        self._save_data(kept[key], data)


def _cached(compile_function: Callable[[bool], Any]) -> Any:
    """Run a Numba decorator while its cache is ours, one thread at a time."""
    folder = cache_folder()
    with _one_at_a_time:
        before = config.CACHE_DIR, caching.IndexDataCacheFile
        config.CACHE_DIR, caching.IndexDataCacheFile = folder or before[0], CacheFiles
        try:
            return compile_function(folder is not None)
        finally:
            config.CACHE_DIR, caching.IndexDataCacheFile = before


def jit(function: Callable) -> Callable:
    """Numba's ``njit`` with our options and our cache."""
    return _cached(lambda cached: numba.njit(cache=cached, _nrt=False, **OPTIONS)(function))


def internal(function: Callable) -> Callable:
    """As :func:`jit`, for functions that only compiled ones call: from Python, a call crashes."""
    return _cached(lambda cached: numba.njit(cache=cached, _nrt=False, **INTERNAL)(function))


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
