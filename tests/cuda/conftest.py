"""What tests of the CUDA kernels share: in Numba's simulator or, with ``-m gpu``, on a GPU."""

import sys
import threading
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.kernels.cuda import device


def pytest_collection_modifyitems(items):
    """Skip what needs CUDA where it is not, and what needs no simulator in the simulator."""
    problem = device.problem()
    for item in items:
        if problem and item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason=f"{problem}; NUMBA_ENABLE_CUDASIM=1 simulates"))


@pytest.fixture(scope="session", autouse=True)
def _quick_threads():
    """The simulator's threads wait for each other all the time, so they are switched often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="session", autouse=True)
def _one_shared_array():
    """Threads that ask for a shared array at the same time would get one each (numba-cuda 0.30)."""
    if not device.simulated():
        yield
        return
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    dynamic, lock = FakeCUDAShared.array, threading.Lock()

    def array(self, shape, dtype, alignment=None):
        if shape == 0:
            return dynamic(self, shape, dtype)
        asking = sys._getframe(1)
        with lock:
            line = asking.f_code, asking.f_lineno
            return self._allocations.setdefault(line, np.empty(shape, dtype))

    with patch.object(FakeCUDAShared, "array", array):
        yield


@pytest.fixture(scope="session")
def forced():
    """A context in which device "cuda" is one strategy, whatever is best."""
    choose = bp.dispatch.choose

    @contextmanager
    def force(strategy):
        def chosen(mlp, n, batch_size, device="auto", *of_the_optimizer):
            if device == "cuda":
                return bp.dispatch.Plan(strategy, device, "a test")
            return choose(mlp, n, batch_size, device, *of_the_optimizer)

        def refusal(asked, *_):
            return "" if asked == strategy else "a test"

        with (
            patch.object(bp.dispatch, "choose", chosen),
            # predictions take blocks where they can, large batches where they are forced
            patch.object(cuda, "refusal", refusal if strategy == "large batch" else cuda.refusal),
        ):
            yield

    return force
