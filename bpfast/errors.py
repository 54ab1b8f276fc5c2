"""What is raised where a device or an optional package is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class DeviceError(RuntimeError):
    """A device was asked for that cannot be used here."""


def missing_extra(package: str, extra: str) -> ImportError:
    """What to raise where an optional package is needed and not there."""
    return ImportError(f'{package} is not installed: pip install "bpfast[{extra}]"')


def import_torch() -> Any:
    """PyTorch, which no extra installs."""
    try:
        return import_module("torch")
    except ImportError:
        raise ImportError("torch is not installed: pip install torch") from None


def import_optional(package: str, extra: str) -> Any:
    """An optional package; where it is missing, the error names the extra that installs it."""
    try:
        return import_module(package)
    except ImportError:
        raise missing_extra(package, extra) from None
