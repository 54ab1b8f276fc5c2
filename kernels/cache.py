"""Where compiled kernels are kept on disk, those of every device."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

logger = logging.getLogger("bpfast")


@cache
def cache_folder() -> str | None:
    """Where compiled kernels are kept, or None where no folder can be written.

    It is the user's cache folder, not the package's: files beside the code would outlive an
    uninstall. Numba looks at the file of a function for changes, not at the files of what it
    calls, so the folder is named after the contents of all kernels.
    """
    folder = _user_cache() / f"kernels-{contents()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        logger.warning("kernels are compiled anew in every process: %s", error)
        return None


@cache
def contents() -> str:
    """A hash of the contents of all kernels' files."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given) / "bpfast"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "bpfast"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bpfast"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bpfast"
