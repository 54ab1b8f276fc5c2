"""Where compiled kernels are kept: those that came with the package, and those made here.

A file belongs to the contents of the kernels that it was made from, and to its name, which says
what else matters: for which processor it is, for example. Its first bytes are a hash of all three,
so that a file that is damaged, renamed or of another version is never run.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from uuid import uuid4

logger = logging.getLogger("bpfast")

HASH = 32  # bytes, at the beginning of each file
KERNELS = Path(__file__).parent
PACKAGED = KERNELS / "compiled"  # in wheels; a checkout has none


def came_compiled(name: str) -> bytes | None:
    """What the package holds under a name; None where there is none, or none that can be used."""
    try:
        return opened((PACKAGED / name).read_bytes(), name)
    except OSError:
        return None
    except ValueError as error:
        if not _warned:  # a line for all of them
            _warned.append(name)
            logger.warning("not all kernels that came compiled are used: %s: %s", name, error)
        return None


def kept(name: str) -> bytes | None:
    """What the user's cache holds under a name; None where there is none, or none to be used.

    A container's may be filled when it is made, and cannot be written from then on.
    """
    path = _folder() / name
    try:
        return opened(path.read_bytes(), name)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        logger.warning("%s is compiled anew: %s", path, error)
        return None


def keep(name: str, content: bytes) -> None:
    """Keep something in the user's cache; where it cannot be written, a warning says so."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        write(Path(folder), name, content)
    except OSError as error:
        logger.warning("a compiled kernel is not kept: %s", error)


def write(folder: Path, name: str, content: bytes) -> None:
    """Write all of a file or nothing, also where other processes write it at the same time."""
    path, own = folder / name, folder / f"{name}.{uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(_digest(name, content) + content)
        own.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            own.unlink(missing_ok=True)
        raise


@cache
def cache_folder() -> str | None:
    """Where compiled kernels are kept, or None where no folder can be written.

    It is the user's cache folder, not the package's: files beside the code would outlive an
    uninstall. It is named after the contents of all kernels, so that versions keep out of each
    other's way.
    """
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        logger.warning("kernels are compiled anew in every process: %s", error)
        return None


def _folder() -> Path:
    return _user_cache() / f"kernels-{contents()}"


@cache
def contents() -> str:
    """A hash of the contents of all kernels' files."""
    digest = hashlib.sha256()
    sources = sorted(KERNELS.rglob("*.py"))
    for path in sources or sorted(KERNELS.rglob("*.pyc")):  # bytecode alone is another form of it
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def opened(file: bytes, name: str) -> bytes:
    """What a file holds.

    Raises
    ------
    ValueError
        If it is not what these kernels made under this name.
    """
    if file[:HASH] != _digest(name, file[HASH:]):
        raise ValueError("it is damaged, or was made from other kernels")
    return file[HASH:]


def written(folder: Path, name: str) -> bytes | None:
    """What :func:`write` has put into a folder; None where that is nothing, or not whole."""
    try:
        return opened((folder / name).read_bytes(), name)
    except (OSError, ValueError):
        return None


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{contents()} {name}\n".encode() + content).digest()


def _user_cache() -> Path:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given) / "bpfast"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "bpfast"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bpfast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bpfast"


_warned: list[str] = []
