"""Orders of epochs, made by compiled threads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from .. import counter
from ..task import Shuffle, Task
from .entry import Entry
from .library import function
from .structs import Signature, Struct
from .threads import COUNTERS, run
from .workspace import kept

SHARED_ROWS = 1 << 15  # of more row numbers, threads make their shares


class Memory(NamedTuple):
    """What a thread sorts in."""

    hashes: np.ndarray
    ends: np.ndarray


WRITE_ORDERS = Entry(
    "permutation",
    "write_orders",
    Signature(
        "uint64[:,:]",
        "bool[:]",
        "int64[:]",
        "int64[:]",
        Struct(Memory, hashes="uint64[:]", ends="uint32[:]"),
        "int64[:]",
        "int64[:,:]",
    ),
)


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
            lambda: Memory(np.zeros(longest, np.uint64), np.zeros(ends, np.uint32)),
        )
        for k in range(members)
    ]
    rows, starts = task.order[0], task.fold_start
    write_orders = function(WRITE_ORDERS, "float64")
    run(
        lambda member: write_orders(keys, chosen, rows, starts, memory[member], counters, orders),
        members,
    )
