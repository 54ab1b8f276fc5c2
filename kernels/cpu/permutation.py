"""Compiled permutations of rows: those that :func:`counter.permutations` makes.

Hashes are spread evenly over all numbers. So the first bits of each say about where it belongs, and
what is left to sort is next to its place.
"""

from __future__ import annotations

import numpy as np

from .. import counter
from ..counter import GOLDEN
from ..specialise import Specialiser
from .compile import inline, internal
from .simd import fetch_add
from .threads import NEXT

mix = Specialiser("float64", inline)(counter.mix)


def write_orders(keys, chosen, rows, fold_start, memory, counters, orders):
    """Write the orders of epochs and folds, of which threads take one after the other."""
    folds = keys.shape[1]
    k = fetch_add(counters, NEXT, 1)
    while k < keys.size:
        epoch, fold = k // folds, k % folds
        first, end = fold_start[fold], fold_start[fold + 1]
        order, own = orders[epoch, first:end], rows[first:end]
        if chosen[fold]:
            permute(keys[epoch, fold], own, memory, order)
        else:
            for r in range(own.size):
                order[r] = own[r]
        k = fetch_add(counters, NEXT, 1)


@internal
def permute(key, rows, memory, order):
    """Write some rows in the order of their hashes, whose last bits are the places of the rows."""
    hashes, ends = memory
    bits = 1
    while rows.size >> bits:
        bits += 1
    places, shift = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(64 - bits)
    ends[: 1 << bits] = 0
    for r in range(rows.size):
        h = mix(key + np.uint64(r) * GOLDEN) & ~places | np.uint64(r)
        order[r] = np.int64(h)
        ends[h >> shift] += np.uint32(1)
    total = np.uint32(0)
    for b in range(1 << bits):  # where those with these bits begin; later, where they end
        count = ends[b]
        ends[b] = total
        total += count
    for r in range(rows.size):
        h = np.uint64(order[r])
        hashes[ends[h >> shift]] = h
        ends[h >> shift] += np.uint32(1)
    for r in range(1, rows.size):
        h, place = hashes[r], r
        while place > 0 and hashes[place - 1] > h:
            hashes[place] = hashes[place - 1]
            place -= 1
        hashes[place] = h
    for r in range(rows.size):
        order[r] = rows[hashes[r] & places]
