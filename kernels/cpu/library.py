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

from ..cache import cache_folder, came_compiled, kept, written
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
    from .objects import compiled_here

    compiled = compiled_here(entry, dtype)
    _loaded.append(compiled)
    return compiled.address


def load(code: bytes, symbol: str) -> int:
    """The address of an object's function."""
    import llvmlite.binding as llvm

    with _loading:
        _initialise()
        target = llvm.Target.from_default_triple().create_target_machine(reloc="pic", jit=True)
        # one block of memory holds all of an object
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target, use_lmm=True)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _loaded.append(engine)
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
    with ExitStack() as stack:
        folder = cache_folder() or ""
        try:
            folder = folder or stack.enter_context(tempfile.TemporaryDirectory())
            build(folder, [processor.host()], missing)
        except (OSError, RuntimeError) as error:
            logger.warning("kernels are compiled by this process itself: %s", _last_line(error))
        for entry, dtype in missing:
            _load(entry, dtype, _made(folder, entry, dtype))
            _origins[entry.name, dtype] = COMPILED


def _last_line(error: Exception) -> str:
    """What an error says, without what led to it."""
    return str(error).rstrip().rpartition("\n")[2]


def _made(folder: str, entry: Entry, dtype: str) -> bytes:
    """The object code that was written to a folder; what was not is compiled here.

    Raises
    ------
    RuntimeError
        If it cannot be compiled.
    """
    code = written(Path(folder), entry.file(dtype, processor.host()))
    if code is not None:
        return code
    from .objects import object_codes

    try:
        (code,) = object_codes(entry, dtype, [processor.host()])
    except Exception as error:
        raise RuntimeError(f"{entry.name} could not be compiled: {error!r}") from error
    return code


def build(folder: str, levels: Sequence[processor.Level], wanted: Sequence[Wanted]) -> None:
    """Write objects that a folder lacks, for some levels, in a process for each core.

    Raises
    ------
    OSError, RuntimeError
        If they cannot be compiled.
    """
    names = ",".join(level.name for level in levels)
    code = f"from {__package__}.build import main; main()"
    _run(
        [
            _python(code, folder, names, *(f"{entry.name}.{dtype}" for entry, dtype in part))
            for part in _parts(wanted, min(MOST_PROCESSES, thread_count()))
        ]
    )


def _python(code: str, *arguments: str) -> list[str]:
    """A command that runs some code, which finds the modules that this process finds.

    The current folder is no place to look for them. A terminal sends Ctrl-C to all processes: this
    one decides what it ends.

    Raises
    ------
    RuntimeError
        If there is no Python to run it: an application may have it inside.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise RuntimeError("there is no Python beside it to do that")
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = "
    return [sys.executable, "-P", "-c", f"{start}{[*map(str, sys.path)]!a}; {code}", *arguments]


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
    OSError, RuntimeError
        If one cannot be started, or fails.
    """
    # Numba's settings are for users' own functions, and make other machine code
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
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
                ended = f"a process ended with {started.returncode}"
                raise RuntimeError(f"{ended}:\n{said}" if said else ended)


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
_loaded: list[Any] = []  # what was loaded lives as long as its address may be called
_origins: dict[tuple[str, str], str] = {}
_one_at_a_time = threading.RLock()
_loading = threading.Lock()


def _forked() -> None:
    """Let a forked process have a lock of its own: whoever held it stays behind."""
    global _one_at_a_time
    _loading.release()
    _one_at_a_time = threading.RLock()


if hasattr(os, "register_at_fork"):
    # LLVM has a lock of its own: no process is forked while a thread loads
    os.register_at_fork(
        before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_forked
    )
