"""Orders of epochs, by compiled threads: those that :func:`counter.permutations` makes.

Hashes are spread evenly over all numbers. So the first bits of each say about where it belongs, and
what is left to sort is next to its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .. import counter
from ..counter import GOLDEN
from ..specialise import Specialiser
from ..task import Shuffle, Task
from .compile import inline, internal, jit
from .simd import fetch_add
from .threads import COUNTERS, NEXT, run
from .workspace import kept

SHARED_ROWS = 1 << 15  # of more row numbers, threads make their shares

mix = Specialiser("float64", inline)(counter.mix)


@dataclass
class Orders:
    """Orders of some epochs, and the memory that they were made in."""

    first: int = -1
    order: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def with_orders(task: Task, threads: int) -> Task:
    """A task with the orders of its epochs, where it says how they are made."""
    shuffle = task.shuffle
    if shuffle is None or not any(shuffle.folds):
        return task
    made = kept(task, "orders", Orders)
    shape = task.epochs, task.order.shape[1]
    if made.order.shape != shape:
        made.order, made.first = np.empty(shape, np.int64), -1
    if made.first != task.first_epoch:
        made.first = -1  # as long as they are not all there, whatever comes between
        make_orders(shuffle, task, threads, made.order)
        made.first = task.first_epoch
    return replace(task, order=made.order)


def make_orders(shuffle: Shuffle, task: Task, threads: int, orders: np.ndarray) -> None:
    """Write the orders of a task's epochs, (epochs, rows)."""
    epochs = np.arange(task.first_epoch, task.first_epoch + task.epochs)
    keys = counter.key(shuffle.seed, epochs[:, None], np.arange(len(shuffle.folds)))
    chosen, counters = np.array(shuffle.folds), np.zeros(COUNTERS, np.int64)
    longest = int(np.diff(task.fold_start).max())
    ends = 1 << longest.bit_length()
    members = min(threads, keys.size) if orders.size > SHARED_ROWS else 1
    memory = [
        kept(
            task,
            ("shuffling", k),
            lambda: (np.zeros(longest, np.uint64), np.zeros(ends, np.uint32)),
        )
        for k in range(members)
    ]
    rows, starts = task.order[0], task.fold_start
    run(
        lambda member: write_orders(keys, chosen, rows, starts, memory[member], counters, orders),
        members,
    )


@jit
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
