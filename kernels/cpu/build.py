"""Compiles functions to objects, in a process of its own.

``python -m bpfast.kernels.cpu.build FOLDER LEVEL NAME...`` writes those that a folder lacks. Names
are those of entries and dtypes, as "lanes.kernels.train.float32".
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..cache import opened, write
from . import entries
from .library import Entry, Wanted
from .objects import object_codes
from .processor import Level, host, levels, making_for

DTYPES = "float32", "float64"
OF_LEVELS = "loops", "product"  # modules that look at the level that they are compiled for


def built_in() -> dict[str, Wanted]:
    """All entries that need no user, by their names."""
    wanted = [one for dtype in DTYPES for one in entries(dtype)]
    return {f"{entry.name}.{dtype}": (entry, dtype) for entry, dtype in wanted}


def object_codes_of(entry: Entry, dtype: str, levels: Sequence[Level]) -> list[bytes]:
    """The object code of an entry for each of some levels."""
    signature, symbol = entry.signature, entry.symbol(dtype)
    if entry.module not in OF_LEVELS:
        return object_codes(_source(entry, dtype), signature, dtype, symbol, levels)
    codes = []
    for level in levels:
        with making_for(level):
            codes += object_codes(_source(entry, dtype), signature, dtype, symbol, [level])
    return codes


def _source(entry: Entry, dtype: str) -> Callable:
    """An entry's function, not yet compiled."""
    module = importlib.import_module(f".{entry.module}", __package__)
    if hasattr(module, "made"):
        return module.made(entry.function, entry.made_with, dtype)
    return getattr(module, entry.function)


def build(folder: Path, wanted: Sequence[Level], names: Sequence[str]) -> None:
    """Write the objects that a folder lacks, one after the other."""
    known = built_in()
    for name in names:
        entry, dtype = known[name]
        files = [entry.file(dtype, level) for level in wanted]
        with _locked(folder / f"{name}.lock"):
            if not all(_is_there(folder, file) for file in files):
                codes = object_codes_of(entry, dtype, wanted)
                for file, code in zip(files, codes, strict=True):
                    write(folder, file, code)


def _is_there(folder: Path, file: str) -> bool:
    try:
        opened((folder / file).read_bytes(), file)
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Have a file for oneself; the system gives it back when a process ends, however it does."""
    try:
        import fcntl
    except ImportError:  # where there are no such locks, two processes may do the same work
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)


def main() -> None:
    """Compile what the command line names."""
    gc.disable()  # nothing that a compiler makes goes before the end
    folder, level, *names = sys.argv[1:]
    (wanted,) = [known for known in (*levels(), host()) if known.name == level][:1]
    build(Path(folder), [wanted], names)


if __name__ == "__main__":
    main()
