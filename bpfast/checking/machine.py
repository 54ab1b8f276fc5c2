"""The machine that results were computed on, in words."""

from __future__ import annotations

import platform
from pathlib import Path

import llvmlite
import numba
import numpy as np

from ..training import dispatch
from ..version import __version__


def machine() -> dict[str, str]:
    """Versions, processor and devices, in words."""
    return {
        "bpfast": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "numpy, numba, llvmlite": f"{np.__version__}, {numba.__version__}, {llvmlite.__version__}",
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
