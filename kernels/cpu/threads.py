"""Threads that run one kernel together: how many, how they share work, how they wait.

Kernels release the GIL, so plain Python threads will do; Numba's own parallel loops are not used:
they compile slowly, share work unevenly, and one of their layers aborts when two threads enter it.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

COUNT, GENERATION, NEXT = 0, 8, 16  # of the counters, each in a cache line of its own
COUNTERS = 24


def thread_count() -> int:
    """Threads to use: the least of four.

    The cores that the process may run on, its container's share of them, ``NUMBA_NUM_THREADS``,
    which joblib sets in its workers, and what :func:`at_most` allows the thread that asks.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    given = os.environ.get("NUMBA_NUM_THREADS", "")
    limit = int(given) if given.isdigit() else sys.maxsize
    return max(1, min(cores, limit, _cgroup_cores(), getattr(_allowed, "threads", sys.maxsize)))


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Let kernels that this thread calls use so many threads, beside those that others call."""
    _allowed.threads = threads
    try:
        yield
    finally:
        del _allowed.threads


@cache
def _cgroup_cores() -> int:
    """Whole cores that the container's quota amounts to, in version 2 or 1 of cgroups."""
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            texts = [Path("/sys/fs/cgroup", name).read_text() for name in files]
            quota, period = map(int, " ".join(texts).split())
        except (OSError, ValueError):
            continue  # another version, or "max"
        if quota > 0:
            return max(1, math.ceil(quota / period))
    return sys.maxsize


def run(work: Callable[[int], None], threads: int) -> None:
    """Call ``work(member)`` in so many threads at once, this one among them, and wait for all.

    Raises
    ------
    BaseException
        One that a call raised.
    """
    if threads == 1:
        return work(0)
    idle = _idle.setdefault(threads, [])
    try:
        pool = idle.pop()
    except IndexError:  # looking first would let another thread take the last one meanwhile
        pool = _Pool(threads - 1)
    pool.leave_this_core()
    others = [pool.submit(work, member) for member in range(1, threads)]
    try:
        work(0)
    finally:
        wait(others)
        idle.append(pool)
    for other in others:
        other.result()
    return None


class _Pool(ThreadPoolExecutor):
    """Threads that wait for the work of one call at a time.

    Members of a team wait for each other, so none may wait for a thread.
    """

    def __init__(self, threads: int) -> None:
        self.ids: list[int] = []
        super().__init__(threads, initializer=lambda: self.ids.append(threading.get_native_id()))

    def leave_this_core(self) -> None:
        """Let the threads wake up on other cores than this one, which its own work keeps busy.

        In a virtual machine, Linux may take an idle core for one that the host has taken away, and
        wake them here, to take turns for some milliseconds.
        """
        if _this_core is None:
            return
        cores = os.sched_getaffinity(0)
        others = cores - {_this_core()} or cores
        with suppress(OSError):  # it was to save time only
            for thread in self.ids:
                os.sched_setaffinity(thread, others)


_this_core = ctypes.CDLL(None).sched_getcpu if hasattr(os, "sched_setaffinity") else None
_idle: dict[int, list[_Pool]] = {}
_allowed = threading.local()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads stay behind
