"""Plain functions made for one dtype and one device: how every device shares what is written once.

In float32, a single float64 constant makes all that it meets float64. So numbers that a function
has in its code, its closure, its defaults or its globals, alone, in tuples or in arrays, become
numbers of the dtype; functions within it, and those that it calls by name, are treated alike.
"""

from __future__ import annotations

import builtins
import dis
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

LIBRARIES = {"builtins", "math", "numba", "numpy", "operator"}  # whose functions compilers know


def specialise(
    function: Callable, dtype: str, names: Mapping[str, object], name: str = ""
) -> FunctionType:
    """A copy of a plain function for one dtype.

    Parameters
    ----------
    function : plain Python function
    dtype : what its float numbers become
    names : globals to be replaced, such as ``exp`` by a faster one
    name : the copy's own name; caches on disk are told apart by it

    Raises
    ------
    TypeError
        In float32, a number of a module, such as ``math.pi``: it would stay float64.
    """
    number, code = np.dtype(dtype).type, function.__code__
    own = {key: value for key, value in _globals(function) if key not in names}
    if number is not np.float64:
        _check_modules(function, own)
    cells = (CellType(_narrowed(cell.cell_contents, number)) for cell in function.__closure__ or ())
    copy = FunctionType(
        _narrowed(code, number),
        {**function.__globals__, **{key: _narrowed(own[key], number) for key in own}, **names},
        function.__name__,
        _narrowed(function.__defaults__, number),
        tuple(cells),
    )
    copy.__qualname__ = name or function.__qualname__
    copy.__module__ = function.__module__
    return copy


class Scalars:
    """Compiled scalar functions for one dtype, each made once, with all that they call.

    Parameters
    ----------
    dtype : str
    compile_function : how a device compiles a plain function
    instead : what is called in place of some functions, such as a faster ``exp``
    """

    def __init__(
        self,
        dtype: str,
        compile_function: Callable,
        instead: Mapping[Callable, Callable] | None = None,
    ) -> None:
        self._dtype = dtype
        self._compile_function = compile_function
        self._instead = instead or {}
        self._made: dict[Callable, Any] = {}

    def __call__(self, function: Callable) -> Any:
        """The compiled form of a plain function.

        Raises
        ------
        TypeError
            As :func:`specialise`; also a function that calls itself.
        """
        return self._compiled(function, ())

    def copy(self, function: Callable, names: Mapping[str, object], name: str) -> FunctionType:
        """A copy of a function, not yet compiled, that calls compiled ones; see `specialise`."""
        return specialise(function, self._dtype, {**self._called(function, ()), **names}, name)

    def _compiled(self, function: Callable, callers: tuple[Callable, ...]) -> Any:
        if function in callers:
            raise TypeError(f"{function.__name__} calls itself: write a loop instead")
        if function not in self._made:
            called = self._called(function, (*callers, function))
            self._made[function] = self._compile_function(specialise(function, self._dtype, called))
        return self._made[function]

    def _called(self, function: Callable, callers: tuple[Callable, ...]) -> dict[str, Any]:
        """What stands for the functions that a function calls by name."""
        result = {}
        for name, value in _globals(function):
            target = self._instead.get(value, value) if callable(value) else value
            if _is_plain(target):
                result[name] = self._compiled(target, callers)
            elif target is not value:
                result[name] = target
        return result


def global_names(code: CodeType) -> set[str]:
    """The globals that code reads, and the functions within it."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    inner = (global_names(const) for const in code.co_consts if isinstance(const, CodeType))
    return names.union(*inner)


def _globals(function: Callable) -> Iterator[tuple[str, Any]]:
    """The globals that a function reads, by name, built-in ones among them."""
    known = {**vars(builtins), **function.__globals__}
    return (
        (name, known[name]) for name in sorted(global_names(function.__code__)) if name in known
    )


def _is_plain(value: Any) -> bool:
    """Whether a value is a Python function that no compiler knows by itself."""
    return isinstance(value, FunctionType) and value.__module__.split(".")[0] not in LIBRARIES


def _narrowed(value: Any, number: type) -> Any:
    """A value with its float numbers, at any depth, of another type."""
    if isinstance(value, float):
        return number(value)
    if type(value) is tuple:
        return tuple(_narrowed(part, number) for part in value)
    if isinstance(value, CodeType):
        return value.replace(co_consts=_narrowed(value.co_consts, number))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(number)
    return value


def _check_modules(function: Callable, names: Mapping[str, Any]) -> None:
    """Refuse numbers that belong to modules, which cannot be replaced by narrower ones."""
    for module, attribute in _attributes(function.__code__):
        number = getattr(names.get(module), attribute, None)
        if isinstance(names.get(module), ModuleType) and isinstance(number, float):
            raise TypeError(
                f"{function.__name__}: {module}.{attribute} would stay float64 in a network of "
                f"float32: write {attribute.upper()} = {module}.{attribute} above the function, "
                f"and {attribute.upper()} in it"
            )


def _attributes(code: CodeType) -> Iterator[tuple[str, str]]:
    """Pairs of a global and the attribute that code, or a function within it, reads of it."""
    for step, following in pairwise(dis.get_instructions(code)):
        if step.opname == "LOAD_GLOBAL" and following.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            yield step.argval, following.argval
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _attributes(const)
