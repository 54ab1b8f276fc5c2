"""What Numba's simulator needs of a process, so that kernels end soon and right."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np


def prepare() -> None:
    """Let a block's threads take turns at once, and share their arrays."""
    _wait_for_each_other()
    _share_arrays()


class _Barrier:
    """Where a block's threads wait until all that have not ended are there."""

    def __init__(self, threads: int) -> None:
        self._turn = threading.Condition()
        self._running, self._waiting, self._passed, self.broken = threads, 0, 0, False

    def wait(self) -> None:
        """Wait for the others."""
        with self._turn:
            self._waiting += 1
            self._pass_if_all_are_here()
            passed = self._passed + (self._waiting > 0)
            while self._passed < passed and not self.broken:
                self._turn.wait()
        if self.broken:
            raise RuntimeError("another thread of the block has failed")

    def leave(self, failed: bool) -> None:
        """One thread less."""
        with self._turn:
            self._running -= 1
            self.broken = self.broken or failed
            self._pass_if_all_are_here()
            if self.broken:
                self._turn.notify_all()

    def _pass_if_all_are_here(self) -> None:
        if 0 < self._waiting == self._running:
            self._waiting, self._passed = 0, self._passed + 1
            self._turn.notify_all()


def _wait_for_each_other() -> None:
    """Numba's own block asks its threads all the time whether they wait, which takes theirs."""
    from numba.cuda.simulator import kernel

    def run(self: Any, grid_point: Any, *arguments: Any) -> None:
        places = list(np.ndindex(*self._block_dim))
        self.barrier, failed = _Barrier(len(places)), []

        def target() -> None:
            try:
                self._f(*arguments)
            except BaseException as error:
                failed.append(error)
            self.barrier.leave(bool(failed))

        threads = [kernel.BlockThread(target, self, grid_point, p, self._debug) for p in places]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    kernel.BlockManager.run = run
    kernel.BlockThread.syncthreads = lambda self: self._manager.barrier.wait()


def _share_arrays() -> None:
    """Threads that ask for an array at the same time would get one each (numba-cuda 0.30)."""
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    dynamic, lock = FakeCUDAShared.array, threading.Lock()

    def array(self: Any, shape: Any, dtype: Any, alignment: Any = None) -> np.ndarray:
        if shape == 0:
            return dynamic(self, shape, dtype)
        asking = sys._getframe(1)
        with lock:
            line = asking.f_code, asking.f_lineno
            return self._allocations.setdefault(line, np.empty(shape, dtype))

    FakeCUDAShared.array = array
