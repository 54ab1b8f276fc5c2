"""Compiles functions to objects, in a process of its own.

``python -m bpfast.kernels.cpu.build FOLDER LEVEL,... NAME...`` writes those that a folder lacks.
Names are those of entries and dtypes, as "lanes.kernels.train.float32". With a folder alone, all
that need no user are written, for all levels of processors like this one, if any are known.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..cache import write, written
from ..task import DTYPE_NAMES
from . import entries, library
from .entry import Wanted
from .objects import object_codes
from .processor import Level, host, levels


def built_in() -> dict[str, Wanted]:
    """All entries that need no user, by their names."""
    wanted = [one for dtype in DTYPE_NAMES.values() for one in entries(dtype)]
    return {f"{entry.name}.{dtype}": (entry, dtype) for entry, dtype in wanted}


def build(folder: Path, wanted: Sequence[Level], names: Sequence[str]) -> None:
    """Write the objects that a folder lacks, one after the other."""
    known = built_in()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        entry, dtype = known[name]
        files = [entry.file(dtype, level) for level in wanted]
        with _locked(folder / f"{name}.lock"):
            if any(written(folder, file) is None for file in files):
                codes = object_codes(entry, dtype, wanted)
                for file, code in zip(files, codes, strict=True):
                    write(folder, file, code)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Have a file for oneself; the system gives it back when a process ends, however it does.

    Where a system or a file system has no such locks, two processes may do the same work.
    """
    with path.open("w") as file:
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
        with suppress(OSError):  # some systems keep files that another process has open
            path.unlink()


def main() -> None:
    """Compile what the command line names."""
    folder, *rest = sys.argv[1:]
    if not rest:
        if levels():
            library.build(folder, levels(), list(built_in().values()))
        return
    gc.disable()  # nothing that a compiler makes goes before the end
    chosen, *names = rest
    known = {level.name: level for level in (host(), *levels())}
    build(Path(folder), [known[level] for level in chosen.split(",")], names)


if __name__ == "__main__":
    main()
