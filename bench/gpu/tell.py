"""What the processes of a GPU's run say to the process that started them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TextIO

from ...kernels.cuda import device
from . import simulator
from .processes import MISSING_CODE, READY


def tell(to: TextIO | None = None, /, **record: Any) -> None:
    """Say something that is kept, whatever happens next."""
    print(json.dumps(record), file=to, flush=True)


def missing(why: object) -> NoReturn:
    """End because something is not installed."""
    print(why, file=sys.stderr)
    sys.exit(MISSING_CODE)


def need_a_gpu() -> None:
    """End where CUDA cannot be used: that is no package that one may be without."""
    if problem := device.problem():
        sys.exit(problem)
    if device.simulated():
        simulator.prepare()


def wait_for_turn() -> None:
    """Say that all is prepared, and wait until nothing else runs; end where nobody waits for it."""
    tell(None, **{READY: True})
    if not sys.stdin.readline():
        sys.exit("nobody lets it go on")


def check_all(checks: Mapping[str, Callable[[], Any]]) -> None:
    """Tell what each check finds; end with what failed, after all of them."""
    failed = []
    for name, check in checks.items():
        try:
            tell(check=name, found=check())
        except Exception as error:  # whatever it is, the next check may say more
            words = f"{type(error).__name__}: {error}"
            tell(check=name, failed=words)
            failed.append(f"{name}: {words.partition(chr(10))[0]}")
    if failed:
        sys.exit("; ".join(failed))
