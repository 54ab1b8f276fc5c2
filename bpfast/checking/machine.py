"""The machine that results were computed on, in words."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from ..training import dispatch
from ..version import __version__

LIBRARIES = ("numpy", "numba", "llvmlite")


def machine() -> dict[str, str]:
    """Versions, processor and devices, in words."""
    return {
        "bpfast": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        ", ".join(LIBRARIES): ", ".join(map(version, LIBRARIES)),
        "processor": _processor(),
        **{f"device {name}": words for name, words in dispatch.devices().items()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        return f"{len(names)} x {names[0]}"
    except (OSError, IndexError):
        return platform.processor() or "unknown"
