"""Counter-based random numbers: the same on every device, whatever the order they are asked in.

A number is a hash of a key and a position, so no generator has a state to carry. The hash is the
finaliser of SplitMix64 (Steele, Lea and Flood, 2014). What comes before :func:`key` are plain
functions that compile for every device; the first three run on NumPy arrays of uint64, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31, SHIFT_40 = (np.uint64(s) for s in (30, 27, 31, 40))
SHIFT_11 = np.uint64(11)
UNIT_24 = 2.0**-24


def mix(x):
    """Hash of a uint64."""
    x = (x ^ (x >> SHIFT_30)) * MULTIPLIER_1
    x = (x ^ (x >> SHIFT_27)) * MULTIPLIER_2
    return x ^ (x >> SHIFT_31)


def join(key, word):
    """Key of the branch ``word`` (uint64) below ``key`` (uint64)."""
    return mix(key ^ mix(word + GOLDEN))


def uniform24(key, position):
    """Number in [0, 1), a multiple of 2**-24, exact in every dtype; dropout draws with it."""
    return (mix(key + (position + MULTIPLIER_1) * GOLDEN) >> SHIFT_40) * UNIT_24


def dropout_key(key, step, layer):
    """Key of a hidden layer's draws in a step."""
    return join(join(key, np.uint64(step)), np.uint64(layer))


def keeps(key, position, p):
    """Whether a hidden unit stays; with probability p it does not."""
    return uniform24(key, np.uint64(position)) >= p


def key(*words) -> np.ndarray:
    """Key of a path of integers or integer arrays, which broadcast; an array of at least (1,)."""
    result = np.zeros(1, np.uint64)
    for word in words:
        result = join(result, np.atleast_1d(np.asarray(word)).astype(np.uint64))
    return result


def branch(keys: np.ndarray, number: int) -> np.ndarray:
    """Keys of the branch ``number`` below each of some keys."""
    return join(keys, np.array([number], np.uint64))


def uniform(
    keys: np.ndarray, start: int, stop: int, memory: np.ndarray | None = None
) -> np.ndarray:
    """Numbers at positions ``start:stop`` of each key, (keys, stop - start) float64 in (0, 1).

    They are made in ``memory``, (2, as many or more) uint64, where it is given: whoever draws much
    spares the system new pages for each part.
    """
    shape = len(keys), stop - start
    size = shape[0] * shape[1]
    bits, shifted = np.empty((2, size), np.uint64) if memory is None else memory[:, :size]
    positions = np.arange(start, stop, dtype=np.uint64) * GOLDEN
    np.add(keys[:, None], positions, out=bits.reshape(shape))
    for shift, multiplier in ((SHIFT_30, MULTIPLIER_1), (SHIFT_27, MULTIPLIER_2)):  # as mix
        bits ^= np.right_shift(bits, shift, out=shifted)
        bits *= multiplier
    bits ^= np.right_shift(bits, SHIFT_31, out=shifted)
    bits >>= SHIFT_11
    numbers = np.add(bits, 0.5, out=shifted.view(np.float64))
    numbers *= 2.0**-53
    return numbers.reshape(shape)


def normal(keys: np.ndarray, start: int, stop: int, memory: np.ndarray | None = None) -> np.ndarray:
    """Standard normal numbers at positions ``start:stop`` of each key (Box and Muller, 1958).

    ``memory`` is as for :func:`uniform`, for twice as many.
    """
    draws = uniform(keys, 2 * start, 2 * stop, memory)
    radius, angle = draws[:, 0::2], draws[:, 1::2]
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    angle *= 2.0 * np.pi
    np.cos(angle, out=angle)
    radius *= angle
    return radius


def permutations(seed: int, epochs: Any, fold: int, count: int, xp: Any = np) -> Any:
    """Orders of ``count`` rows in some epochs, (epochs, count) int64: rows sorted by their hash.

    ``epochs`` are whole numbers in an array of ``xp``: NumPy, or CuPy.
    """
    keys = mix(mix(epochs.astype(np.uint64) + GOLDEN) ^ key(seed)[0])
    keys = mix(keys ^ mix(np.array([fold], np.uint64) + GOLDEN)[0])  # key(seed, epochs, fold)
    rows = xp.arange(count, dtype=np.uint64)
    hashes = mix(keys[:, None] + rows * GOLDEN)
    # A hash whose low bits are its row is sorted faster than rows are by their hashes.
    low = np.uint64((1 << count.bit_length()) - 1)
    hashes &= ~low
    hashes |= rows
    hashes.sort(axis=1)
    hashes &= low
    return hashes.view(np.int64)
