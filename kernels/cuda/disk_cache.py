"""Compiled kernels on disk, so that a second process compiles nothing.

Numba's own cache for CUDA would not do. Its key holds a pickle of a kernel's closure, whose bytes
differ between a process that compiled our modules and one that found their bytecode. And two
processes that write kernels of one function at the same time may mix up the cache's index.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import platform
from functools import cached_property
from typing import Any

import numba
from numba import cuda

from ..cache import cache_folder, keep, kept
from .fingerprint import UnknownPartError, fingerprint

logger = logging.getLogger("bpfast")


class DiskCache:
    """The compiled kernels of one function: a file for each, named after all that went into it.

    Numba's dispatcher asks it before it compiles, and hands it what was compiled.
    """

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher

    @property
    def cache_path(self) -> str | None:
        """The folder, for Numba's statistics."""
        return cache_folder()

    def load_overload(self, signature: Any, _target_context: Any) -> Any:
        """The kernel for some types of arguments, or None where it is to be compiled."""
        name = self._name(signature)
        content = kept(name) if name else None
        if content is None:
            return None
        try:
            return pickle.loads(content)
        except Exception as error:  # what libraries have changed may raise anything
            logger.warning("%s is compiled anew: %s", name, error)
            return None

    def save_overload(self, signature: Any, kernel: Any) -> None:
        """Keep a compiled kernel. Where it cannot be written, a warning says so."""
        name = self._name(signature)
        if name:
            keep(name, pickle.dumps(kernel))

    def _name(self, signature: Any) -> str:
        """The name of a kernel's file, empty where it has none."""
        if self._function is None:
            return ""
        key = (
            self._function,
            [str(given) for given in signature],
            cuda.get_current_device().compute_capability,
            cuda.runtime.get_version(),
            _versions(),
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        return f"{self.dispatcher.__name__}-{name[:32]}.cuda"

    @cached_property
    def _function(self) -> str | None:
        try:
            return fingerprint(self.dispatcher)
        except UnknownPartError as part:
            logger.info("%s is compiled in every process: %s", self.dispatcher.__name__, part)
            return None


def _versions() -> tuple[str, ...]:
    import numba_cuda

    return platform.python_version(), numba.__version__, numba_cuda.__version__
