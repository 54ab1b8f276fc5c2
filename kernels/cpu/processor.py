"""Levels of processors: kernels are compiled for what all processors of a level can do.

A level's objects run on every processor that has its features, and are the same wherever they were
compiled, to the last bit. x86-64's levels are those of its psABI, one of them in two forms.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

LANES = 16  # numbers of a vector, whatever the processor: it takes as many registers as it needs


class Level(NamedTuple):
    """What kernels for some processors are made of.

    Attributes
    ----------
    name : that of a folder of compiled kernels
    cpu, features : the processor and its features as LLVM takes them
    needs : features that a processor must have, by LLVM's names
    tile_sums, tile_vectors : a tile of a product has at most so many vectors of float32 for its
        sums, half as many of float64, and so many columns; see :mod:`product`
    wide_loops : whether plain loops use whole registers of AVX-512
    """

    name: str
    cpu: str
    features: str
    needs: frozenset[str]
    tile_sums: int
    tile_vectors: int
    wide_loops: bool = False


V2 = frozenset(["cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"])
V3 = V2 | frozenset(["avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"])
V4 = V3 | frozenset(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
# With the right operand and one number of the left, a tile's sums fill the registers: 32 of one
# vector each in AVX-512, of a quarter in NEON, 16 of a half in AVX2, of a quarter elsewhere. The
# first processors with AVX-512 slow down for its whole registers, and lack VBMI2.
LEVELS = {
    "x86_64": (
        Level("x86-64-v4-vbmi2", "x86-64-v4", "-prefer-256-bit", V4 | {"avx512vbmi2"}, 16, 2, True),
        Level("x86-64-v4", "x86-64-v4", "+prefer-256-bit", V4, 16, 2),
        Level("x86-64-v3", "x86-64-v3", "", V3, 6, 1),
        Level("x86-64-v2", "x86-64-v2", "", V2, 2, 1),
    ),
    "aarch64": (Level("aarch64", "generic", "+neon", frozenset(), 6, 1),),
}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}  # as some systems call them


def levels() -> tuple[Level, ...]:
    """The levels of processors like this one, the best first; empty where none is known."""
    machine = platform.machine().lower()
    return LEVELS.get(MACHINES.get(machine, machine), ())


def best(features: Mapping[str, bool], known: tuple[Level, ...]) -> Level | None:
    """The first of some levels whose features a processor has."""
    return next((level for level in known if all(map(features.get, level.needs))), None)


@cache
def host() -> Level:
    """The best level of this processor, or one of its own where none is known."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return best(features, levels()) or _level_of(llvm.get_host_cpu_name(), features.flatten())


def _level_of(cpu: str, features: str) -> Level:
    """The level of a processor by itself: others by its name may have other features."""
    name = f"{cpu}-{hashlib.sha256(features.encode()).hexdigest()[:8]}"
    return Level(name, cpu, features, frozenset(), 2, 1)


def made_for() -> Level:
    """The level that functions are compiled for: this processor's, or see :func:`making_for`."""
    return _made_for[-1] if _made_for else host()


@contextmanager
def making_for(level: Level) -> Iterator[None]:
    """Let functions be compiled for a level."""
    _made_for.append(level)
    try:
        yield
    finally:
        _made_for.pop()


_made_for: list[Level] = []
