"""What a measurement was made with: the machine, and versions of what was measured."""

from __future__ import annotations

import importlib.metadata
import platform

from ..checking.machine import machine
from .peak import caches

PACKAGES = (
    *("numpy", "numba", "llvmlite", "numba-cuda", "cupy-cuda13x", "cupy-cuda12x"),
    *("jax", "jaxlib", "torch", "scikit-learn", "optuna"),
)


def hardware() -> dict[str, str]:
    """Processor, caches, system and devices, in words."""
    sizes = ", ".join(f"{name} {size // 2**10:,} KiB" for name, size in caches())
    return machine() | {"caches": sizes or "unknown", "system": platform.platform()}


def cpu_of(machine: dict[str, str]) -> str:
    """Threads, model and instructions of a kept measurement's CPU."""
    return machine["device cpu"].removeprefix("usable: ").partition(";")[0]


def versions() -> dict[str, str]:
    """Versions of what was measured, as far as it is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
