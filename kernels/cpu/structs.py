"""How Python hands arguments to compiled functions: by a plain C interface.

A number is passed as it is. An array is passed as the address of NumPy's own structure of it, with
its data, dimensions and strides; all arrays are contiguous. A tuple is passed as a block of eight
bytes for each of its parts, tuples within it in line.
"""

from __future__ import annotations

import ctypes
import struct
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

REAL = "real"  # stands for the networks' dtype
HEAD = object.__basicsize__  # bytes before an array's own part of its structure


class Numbers(NamedTuple):
    """An array that a compiled function takes."""

    dtype: str
    ndim: int

    def of(self, dtype: str) -> np.dtype:
        """The dtype of its numbers, for networks of one."""
        return np.dtype(dtype if self.dtype == REAL else self.dtype)


class Struct:
    """A kind of tuple that a compiled function takes.

    Parameters
    ----------
    kind : a NamedTuple
    parts : for each of its fields "int64", "float64", an array's dtype and dimensions such as
        "int64[:]" or "real[:,:]", or another Struct
    remembered : how many tuples' blocks are kept: of those that are the same from call to call
    """

    def __init__(self, kind: type, remembered: int = 0, **parts: str | Struct) -> None:
        fields = kind._fields  # type: ignore[attr-defined]
        if tuple(parts) != fields:
            raise TypeError(f"{kind.__name__} has the fields {fields}, not {tuple(parts)}")
        self.kind = kind
        self.parts = tuple(kind_of(part) for part in parts.values())
        self._remembered, self._blocks = remembered, OrderedDict[int, tuple[Any, bytes]]()
        self._block = struct.Struct("".join(self._letters()))
        self._expected = {
            dtype: [
                (part.of(dtype), part.ndim) if isinstance(part, Numbers) else part
                for part in self.parts
            ]
            for dtype in ("float32", "float64")
        }

    def block(self, value: Any, dtype: str) -> bytes:
        """A tuple as a block; its arrays must live as long as that is used.

        Raises
        ------
        TypeError
            If an array is another than compiled functions take: they would not notice.
        """
        if not self._remembered:
            return self._block.pack(*self._words(value, dtype))
        known = self._blocks.get(id(value))
        if known is None or known[0] is not value:
            known = value, self._block.pack(*self._words(value, dtype))
            self._blocks[id(value)] = known
            if len(self._blocks) > self._remembered:
                self._blocks.popitem(last=False)
        return known[1]

    def _words(self, value: Iterable, dtype: str) -> list:
        words: list[Any] = []
        for expected, part in zip(self._expected[dtype], value, strict=True):
            if type(expected) is tuple:
                of, ndim = expected  # as address() does: a call would take as long again
                if part.dtype != of or part.ndim != ndim or not part.flags.c_contiguous:
                    raise _refusal(part, of, ndim)
                words.append(id(part) + HEAD)
            elif type(expected) is Struct:
                words += expected._words(part, dtype)
            else:
                words.append(part)
        return words

    def _letters(self) -> Iterable[str]:
        for part in self.parts:
            if isinstance(part, Struct):
                yield from part._letters()
            else:
                yield "d" if part == "float64" else "q"


Kind = str | Numbers | Struct


def kind_of(text: str | Struct) -> Kind:
    """What a text such as "real[:,:]" stands for."""
    if isinstance(text, Struct) or not text.endswith("]"):
        return text
    dtype, _, dimensions = text.partition("[")
    return Numbers(dtype, dimensions.count(":"))


def address(array: np.ndarray, dtype: np.dtype, ndim: int) -> int:
    """Where NumPy keeps an array's data, dimensions and strides, one after the other.

    Raises
    ------
    TypeError
        If it is not contiguous, or has another dtype or other dimensions.
    """
    if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous:
        raise _refusal(array, dtype, ndim)
    return id(array) + HEAD


def _refusal(array: np.ndarray, dtype: np.dtype, ndim: int) -> TypeError:
    return TypeError(
        f"a compiled function takes a contiguous array of {dtype} with {ndim} dimensions, "
        f"not one of {array.dtype} with shape {array.shape} and strides {array.strides}"
    )


class Signature:
    """What a compiled function is called with."""

    def __init__(self, *kinds: str | Struct) -> None:
        self.kinds = tuple(map(kind_of, kinds))
        self.function_type = ctypes.CFUNCTYPE(None, *map(_c_type, self.kinds))

    def values(self, arguments: Iterable, dtype: str) -> list:
        """Python's arguments as C takes them."""
        values: list[Any] = []
        for kind, argument in zip(self.kinds, arguments, strict=True):
            if isinstance(kind, Struct):
                values.append(kind.block(argument, dtype))
            elif isinstance(kind, Numbers):
                values.append(address(argument, kind.of(dtype), kind.ndim))
            else:
                values.append(argument)
        return values


def _c_type(kind: Kind) -> Any:
    if isinstance(kind, Struct):
        return ctypes.c_char_p
    if isinstance(kind, Numbers):
        return ctypes.c_void_p
    return ctypes.c_double if kind == "float64" else ctypes.c_int64
