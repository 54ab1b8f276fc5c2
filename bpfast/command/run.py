"""The bpfast command."""

from __future__ import annotations

import logging
import os
import sys
from importlib.util import find_spec

from ..errors import DeviceError, missing_extra

BAD_INPUT = (ValueError, TypeError, DeviceError, ImportError, OSError, MemoryError)

# Polars' allocator keeps what a table no longer needs for ten seconds, in which networks want the
# room. This has it give all back at once, if nothing else is said.
ALLOCATOR = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")


def main() -> None:
    """Run the command; exit codes are 0, 2 for bad input and 130 after Ctrl-C."""
    os.environ.setdefault(*ALLOCATOR)
    _tell_of_compiling()
    try:
        code = _run()
    except BAD_INPUT as error:
        code = _refuse(str(error))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)


class _Told(logging.Handler):
    """Prints what is logged to where stderr leads by then."""

    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage(), file=sys.stderr)


def _tell_of_compiling() -> None:
    """Say when kernels are compiled, and how long that takes: nobody should wonder."""
    logger = logging.getLogger("bpfast.kernels")
    if not logger.handlers:
        logger.addHandler(_Told())
        logger.setLevel(logging.INFO)


def _run() -> int | None:
    """The exit code of the command that was typed."""
    for package in ("typer", "rich", "polars"):
        if find_spec(package) is None:
            raise missing_extra(package, "cli")
    from .app import app

    try:
        return app(standalone_mode=False)
    except Exception as error:
        # typer's usage errors are click's in some versions, those of its own copy in others
        message = getattr(error, "format_message", None)
        if message is None and isinstance(error, BAD_INPUT):
            from .messages import as_typed  # which knows the sweep's options, and so its modules

            return _refuse(as_typed(str(error)))
        if message is None:
            raise
        return _refuse(f"{message()} (bpfast --help lists what there is)") if str(error) else 2


def _refuse(message: str) -> int:
    """One line on stderr, and the exit code for bad input."""
    sys.stderr.write(f"bpfast: {' '.join(message.split())}\n")
    return 2
