"""Compiled functions by their names: objects that came with the package, or that are made here.

What is missing is compiled by other processes, side by side, and kept; Numba is imported there and
not here. A process that needs what another one is compiling waits for that.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from ..cache import cache_folder, came_compiled, kept, opened
from . import processor
from .entry import Entry, Wanted
from .threads import thread_count

PACKAGED, KEPT, COMPILED = "came compiled", "were compiled before", "were compiled now"

MOST_PROCESSES = 8  # that compile at once: each takes a quarter of a gigabyte

logger = logging.getLogger("bpfast.kernels")


def function(entry: Entry, dtype: str) -> Callable[..., None]:
    """An entry as Python calls it, which compiles it unless it is there; the GIL is released."""
    known = _functions.get((entry.name, dtype))
    if known is None:
        compiled = entry.signature.function_type(address(entry, dtype))
        values = entry.signature.values
        known = _functions[entry.name, dtype] = lambda *given: compiled(*values(given, dtype))
    return known


def address(entry: Entry, dtype: str) -> int:
    """The address of an entry, which is compiled unless it is there."""
    known = _addresses.get((entry.name, dtype))
    if known is None:
        ensure([(entry, dtype)])
        known = _addresses[entry.name, dtype]
    return known


def ensure(wanted: Iterable[Wanted]) -> None:
    """Load some entries; those that are nowhere are compiled side by side."""
    wanted = _not_loaded(dict.fromkeys(wanted))
    if not wanted:
        return
    with _one_at_a_time:
        missing = [one for one in _not_loaded(wanted) if not _load(*one, _found(*one))]
        if missing:
            _compile(missing)


def here(entry: Entry, dtype: str) -> int:
    """The address of an entry that is made with a user's functions: compiled, and not kept."""
    from .objects import object_codes

    (code,) = object_codes(entry, dtype, [processor.host()])
    return load(code, entry.symbol(dtype))


def load(code: bytes, symbol: str) -> int:
    """The address of an object's function."""
    import llvmlite.binding as llvm

    _initialise()
    target = llvm.Target.from_default_triple().create_target_machine(reloc="pic", jit=True)
    # one block of memory holds all of an object
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target, use_lmm=True)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return engine.get_function_address(symbol)


def origins() -> dict[str, int]:
    """How many of this process's functions came with the package, were kept, or were compiled."""
    return {origin: [*_origins.values()].count(origin) for origin in (PACKAGED, KEPT, COMPILED)}


def _not_loaded(wanted: Iterable[Wanted]) -> list[Wanted]:
    return [(entry, dtype) for entry, dtype in wanted if (entry.name, dtype) not in _addresses]


def _found(entry: Entry, dtype: str) -> bytes | None:
    """Object code that came with the package, or was kept."""
    file = entry.file(dtype, processor.host())
    for find, origin in ((came_compiled, PACKAGED), (kept, KEPT)):
        code = find(file)
        if code is not None:
            _origins[entry.name, dtype] = origin
            return code
    return None


def _load(entry: Entry, dtype: str, code: bytes | None) -> bool:
    """Load object code, if there is any."""
    if code is not None:
        _addresses[entry.name, dtype] = load(code, entry.symbol(dtype))
    return code is not None


def _compile(missing: Sequence[Wanted]) -> None:
    """Compile entries in processes of their own, and load them."""
    seconds = sum(entry.seconds for entry, _ in missing) / min(thread_count(), len(missing))
    logger.info(
        "compiling kernels for %s, once for this version: about %.0f s",
        processor.host().name,
        1.0 + seconds,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = cache_folder() or temporary
        build(folder, [processor.host()], missing)
        for entry, dtype in missing:
            file = entry.file(dtype, processor.host())
            _load(entry, dtype, opened(Path(folder, file).read_bytes(), file))
            _origins[entry.name, dtype] = COMPILED


def build(folder: str, levels: Sequence[processor.Level], wanted: Sequence[Wanted]) -> None:
    """Write objects that a folder lacks, for some levels, in a process for each core.

    Raises
    ------
    RuntimeError
        If they cannot be compiled.
    """
    names = ",".join(level.name for level in levels)
    parts = _parts(wanted, min(MOST_PROCESSES, thread_count()))
    command = [sys.executable, "-m", f"{__package__}.build", folder, names]
    _run([[*command, *(f"{entry.name}.{dtype}" for entry, dtype in part)] for part in parts])


def _parts(wanted: Sequence[Wanted], most: int) -> list[list[Wanted]]:
    """Entries for each of some processes, which will take about as long as each other."""
    parts: list[list[Wanted]] = [[] for _ in range(min(most, len(wanted)))]
    for one in sorted(wanted, key=lambda one: -one[0].seconds):
        min(parts, key=lambda part: sum(entry.seconds for entry, _ in part)).append(one)
    return parts


def _run(commands: Sequence[list[str]]) -> None:
    """Run some processes at once.

    Raises
    ------
    RuntimeError
        If one fails.
    """
    # Numba's settings are for users' own functions, and make other machine code
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    processes = []
    with ExitStack() as stack:
        for command in commands:
            started = subprocess.Popen(
                command, env=environment, stderr=subprocess.PIPE, text=True, **given
            )
            stack.enter_context(started)
            stack.callback(started.kill)  # unless it has ended
            processes.append(started)
        for started in processes:
            _, said = started.communicate()
            if started.returncode:
                raise RuntimeError(f"kernels could not be compiled:\n{said}")


@cache
def _initialise() -> None:
    """Let LLVM know this machine."""
    import llvmlite
    import llvmlite.binding as llvm

    if tuple(map(int, llvmlite.__version__.split(".")[:2])) < (0, 45):
        llvm.initialize()  # later ones do so by themselves, and refuse to be asked
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


_addresses: dict[tuple[str, str], int] = {}
_functions: dict[tuple[str, str], Callable[..., None]] = {}
_engines: list[Any] = []  # what was loaded lives as long as its address may be called
_origins: dict[tuple[str, str], str] = {}
_one_at_a_time = threading.RLock()


def _forked() -> None:
    """Let a forked process have a lock of its own: whoever held it stays behind."""
    global _one_at_a_time
    _one_at_a_time = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
