"""Compiled kernels on disk, so that a second process compiles nothing.

Numba's own cache for CUDA would not do. Its key holds a pickle of a kernel's closure, whose bytes
differ between a process that compiled our modules and one that found their bytecode. And two
processes that write kernels of one function at the same time may mix up the cache's index.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import pickle
import platform
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba
from numba import cuda

from ..cache import cache_folder
from .fingerprint import UnknownPartError, fingerprint

logger = logging.getLogger("bpfast")
HASH = 32  # bytes, at the beginning of each file


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
        path = self._path(signature)
        if path is None or not path.exists():
            return None
        try:
            content = path.read_bytes()
            if hashlib.sha256(content[HASH:]).digest() != content[:HASH]:
                raise ValueError("its contents are damaged")
            return pickle.loads(content[HASH:])
        except Exception as error:  # a foreign file may raise anything
            logger.warning("%s is compiled anew: %s", path, error)
            return None

    def save_overload(self, signature: Any, kernel: Any) -> None:
        """Keep a compiled kernel. Where it cannot be written, a warning says so."""
        path = self._path(signature)
        if path is None:
            return
        content = pickle.dumps(kernel)
        try:
            _write(path, hashlib.sha256(content).digest() + content)
        except OSError as error:
            logger.warning("a compiled kernel is not kept: %s", error)

    def _path(self, signature: Any) -> Path | None:
        folder = cache_folder()
        if folder is None or self._function is None:
            return None
        key = (
            self._function,
            [str(given) for given in signature],
            cuda.get_current_device().compute_capability,
            cuda.runtime.get_version(),
            _versions(),
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        return Path(folder, f"{self.dispatcher.__name__}-{name[:32]}.cuda")

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


def _write(path: Path, content: bytes) -> None:
    """Write all of a file or nothing, also where other processes write it at the same time."""
    own = path.with_suffix(f".{uuid4().hex}")
    try:
        own.write_bytes(content)
        own.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            own.unlink(missing_ok=True)
        raise
