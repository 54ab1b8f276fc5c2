"""The bpfast command."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from .errors import missing_extra


def main() -> None:
    """Run the command; exit codes are 0, 2 for bad input and 130 after Ctrl-C."""
    for package in ("typer", "rich", "polars"):
        if find_spec(package) is None:
            sys.exit(_refuse(missing_extra(package, "cli")))
    from .commands import app
    from .errors import DeviceError

    try:
        app()
    except (ValueError, TypeError, DeviceError, ImportError, OSError, MemoryError) as error:
        sys.exit(_refuse(error))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _refuse(error: BaseException) -> int:
    """One line on stderr, and the exit code for bad input."""
    sys.stderr.write(f"bpfast: {' '.join(str(error).split())}\n")
    return 2
