"""skl2onnx is told of our estimators when it is imported, before ``bpfast.sklearn`` or after.

Nobody has to think of it, and who does not use it does not wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from typing import Any


def register_when_imported() -> None:
    """Have skl2onnx told of our estimators when it is imported, or now where it is."""
    if "skl2onnx" in sys.modules:
        _register()
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds skl2onnx as Python does, and has it told of our estimators once it is there."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "skl2onnx":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next(filter(None, specs), None)
        loader: Any = spec and spec.loader
        if loader is not None:
            loader.exec_module = self._then_register(loader.exec_module)
        return spec

    def _then_register(self, execute: Callable[[Any], None]) -> Callable[[Any], None]:
        def exec_module(module: Any) -> None:
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register()

        return exec_module


def _register() -> None:
    from .onnx import register  # which imports all estimators

    register()
