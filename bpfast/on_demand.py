"""What a package hands on without importing it before it is used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any


def on_demand(
    package: str, **names: Iterable[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package whose modules are imported when they are used.

    Parameters
    ----------
    package : its name
    names : what it hands on from each of its modules
    """
    homes = {name: module for module, handed_on in names.items() for name in handed_on}

    def get(name: str) -> Any:
        if name in names:
            return import_module(f"{package}.{name}")
        if name in homes:
            return getattr(import_module(f"{package}.{homes[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def all_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *names, *homes})

    return get, all_names


class MovedModule(ModuleType):
    """A module under the name that it once had: what is asked of it is found where it is now."""

    def __init__(self, name: str, now: str) -> None:
        super().__init__(name)
        self._now = now

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # such as __file__, which tools ask of every module
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(import_module(self._now), name)
