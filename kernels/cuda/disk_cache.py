"""Compiled kernels on disk, so that a second process compiles nothing, and a first one little.

Numba's own cache for CUDA would not do. Its key holds a pickle of a kernel's closure, whose bytes
differ between a process that compiled our modules and one that found their bytecode. Its files are
bound to versions of Python, Numba and CUDA that machine code does not depend on. And two processes
that write kernels of one function at the same time may mix up the cache's index.
"""

from __future__ import annotations

import hashlib
import logging
from functools import cached_property
from typing import Any

from numba import cuda

from ..cache import cache_folder, came_compiled, keep, kept
from . import machine_code
from .fingerprint import UnknownPartError, fingerprint

logger = logging.getLogger("bpfast")

# Why kernels that came compiled cannot be loaded here: the first one says so, others are not tried.
_refused: list[str] = []


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
        return self._came_compiled(signature) or self._kept(signature)

    def save_overload(self, signature: Any, kernel: Any) -> None:
        """Keep a compiled kernel. Where it cannot be written, a warning says so."""
        name = self._known_name(signature, _capability())
        content = machine_code.of(kernel) if name else None
        if content is not None:
            keep(name, content)

    def name(self, signature: Any, capability: tuple[int, int]) -> str:
        """The name of a kernel's file, the same in every process that it is started in."""
        key = (
            self._function,
            [str(given) for given in signature],
            machine_code.pieces(self.dispatcher.targetctx, signature),
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        architecture = machine_code.architecture(capability)
        return f"{machine_code.FOLDER}/{architecture}/{self.dispatcher.__name__}-{name[:32]}"

    def _came_compiled(self, signature: Any) -> Any:
        name = self._known_name(signature, machine_code.packaged_for(_capability()))
        content = came_compiled(name) if name and not _refused else None
        try:
            return content and machine_code.kernel(content, signature)
        except Exception as error:  # an older driver, or a library that has changed
            _refused.append(str(error))
            logger.warning("kernels that came compiled are not used: %s: %s", name, error)
            return None

    def _kept(self, signature: Any) -> Any:
        name = self._known_name(signature, _capability())
        content = kept(name) if name else None
        try:
            return content and machine_code.kernel(content, signature)
        except Exception as error:  # likewise
            logger.warning("%s is compiled anew: %s", name, error)
            return None

    def _known_name(self, signature: Any, capability: tuple[int, int]) -> str:
        """The same, empty where the kernel has none: then it is compiled in every process."""
        try:
            return self.name(signature, capability) if self._function else ""
        except Exception as error:  # numba-cuda may have changed where we look into it
            logger.info("%s has no name: %s", self.dispatcher.__name__, error)
            return ""

    @cached_property
    def _function(self) -> str | None:
        try:
            return fingerprint(self.dispatcher)
        except UnknownPartError as part:
            logger.info("%s is compiled in every process: %s", self.dispatcher.__name__, part)
            return None


def _capability() -> tuple[int, int]:
    return cuda.get_current_device().compute_capability
