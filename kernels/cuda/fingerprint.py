"""What a function does, as a hash that is the same in every process.

Kernels are closures over other functions, users' own among them. All that the compiler reads is
hashed: code, constants, defaults, closures and globals, and those of every function called. A
pickle would not do: its bytes depend on which equal objects are one and the same, and of what can
be imported it keeps the name alone.

Python's versions make other bytecode of the same lines. Of our own functions the place is hashed
instead, since whoever keeps kernels knows the contents of all our files: :mod:`cache`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..specialise import LIBRARIES, global_names

KERNELS = __name__.removesuffix("cuda.fingerprint")  # whose files' contents are hashed elsewhere
PLAIN = (int, float, complex, str, bytes, type(None), np.generic, np.dtype)


class UnknownPartError(TypeError):
    """A function uses something that has no hash which every process would give it."""


def fingerprint(function: Any) -> str:
    """The hash of a function, plain or compiled by Numba, and of all that it uses.

    Raises
    ------
    UnknownPartError
        Where it uses something that is neither a number, text, function nor a library's.
    """
    digest = hashlib.sha256()
    for part in _parts(function, {}):
        digest.update(f"{len(part)} {part}".encode())
    return digest.hexdigest()


def _parts(value: Any, met: dict[int, int]) -> Iterator[str]:
    """A text for each part of a value; a function that was met before is told by its number."""
    if isinstance(value, PLAIN):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, tuple | frozenset):
        items = value if isinstance(value, tuple) else sorted(value, key=repr)
        yield f"{type(value).__name__} of {len(value)}"
        for item in items:
            yield from _parts(item, met)
    elif isinstance(value, CodeType):
        yield value.co_code.hex()
        yield f"{value.co_flags} {value.co_exceptiontable.hex()}"
        for names in (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars):
            yield " ".join(names)
        yield from _parts(value.co_consts, met)
    elif _library(value):
        yield f"{type(value).__name__} {_library(value)}"
    elif hasattr(value, "py_func"):  # Numba's
        # "lto" says whether a library is there that optimises once more: no kernel asks for it
        options = value.targetoptions.items()
        yield repr(sorted((name, one) for name, one in options if one and name != "lto"))
        yield from _parts(value.py_func, met)
    elif isinstance(value, FunctionType):
        yield from _of_function(value, met)
    else:
        raise UnknownPartError(f"{value!r}, a {type(value).__name__}")


def _of_function(function: FunctionType, met: dict[int, int]) -> Iterator[str]:
    known = met.get(id(function))
    if known is not None:
        yield f"function {known}"
        return
    met[id(function)] = len(met)
    yield f"function {function.__name__}"
    cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    for part in (_code(function), function.__defaults__, cells):
        yield from _parts(part, met)
    for name in sorted(global_names(function.__code__) & function.__globals__.keys()):
        yield name
        yield from _parts(function.__globals__[name], met)


def _code(function: FunctionType) -> Any:
    """A function's code, or of our own its place, and what its float numbers have become."""
    code = function.__code__
    if not f"{function.__module__}.".startswith(KERNELS):
        return code
    return function.__module__, code.co_qualname, code.co_firstlineno, frozenset(_floats(code))


def _floats(code: CodeType) -> Iterator[str]:
    """The types of the float numbers in code, which are made for one dtype."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _floats(const)
        for number in const if isinstance(const, tuple) else (const,):
            if isinstance(number, float | np.floating):
                yield type(number).__name__


def _library(value: Any) -> str:
    """A library's part by its name, and a module or type of our kernels; empty for all else."""
    if isinstance(value, ModuleType):
        home, name = value.__name__, ""
    elif isinstance(value, type | FunctionType | BuiltinFunctionType):
        home, name = value.__module__ or "", value.__qualname__
    elif isinstance(value, np.ufunc):
        home, name = "numpy", value.__name__
    else:
        return ""
    ours = isinstance(value, ModuleType | type) and f"{home}.".startswith(KERNELS)
    return f"{home}.{name}" if ours or home.partition(".")[0] in LIBRARIES else ""
