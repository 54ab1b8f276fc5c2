"""What tests of the CUDA kernels share: in Numba's simulator or, with ``-m gpu``, on a GPU."""

import sys
from contextlib import contextmanager
from unittest.mock import patch

import pytest

import bpfast as bp
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

        with patch.object(bp.dispatch, "choose", chosen):
            yield

    return force
