"""Fits in processes of their own, by a Python that need not be this one."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).parents[1]  # the folder of this package, as its own Python sees it
MODULE = f"{Path(__file__).parent.name}.fit"


class FitError(RuntimeError):
    """A fit failed, or took too long."""


def versions_in(python: str) -> dict[str, str | None]:
    """Packages that runners need, and their versions: None where they are not installed."""
    return _run(python, [], 0)


def fit_apart(
    python: str, runner: str, table: str, number: int, folder: Path | None, limit: int
) -> list[dict[str, Any]]:
    """What :func:`.fit.fitted` measures, with ``process_seconds`` from start to end.

    Raises
    ------
    FitError
        It failed, with its last words, or took more than ``limit`` seconds of processors, which
        others on the machine hardly change.
    """
    arguments = [runner, table, str(number), *([str(folder.resolve())] if folder else [])]
    start = time.perf_counter()
    found = _run(python, arguments, limit)
    seconds = time.perf_counter() - start
    return [one | {"process_seconds": seconds} for one in found]


def _run(python: str, arguments: list[str], limit: int) -> Any:
    """What a process prints last, as JSON; a limit of 0 is none."""
    limits = (limit, limit + 1) if limit else (resource.RLIM_INFINITY,) * 2
    path = os.pathsep.join(filter(None, (str(PACKAGES), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [python, "-m", MODULE, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CPU, limits),
    )
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise FitError(f"took more than {limit} s of processors, or too much memory")
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise FitError(last or f"ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])
