"""What tests of the CUDA kernels share: in Numba's simulator or, with ``-m gpu``, on a GPU."""

import pytest

from bpfast.bench.gpu import simulator, strategies
from bpfast.kernels.cuda import device


def pytest_collection_modifyitems(items):
    """Skip what needs CUDA where it is not, and what needs no simulator in the simulator."""
    problem = device.problem()
    for item in items:
        if problem and item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason=f"{problem}; NUMBA_ENABLE_CUDASIM=1 simulates"))


@pytest.fixture(scope="session", autouse=True)
def _simulator():
    """What lasts as long as the process, which simulates from its beginning to its end."""
    if device.simulated():
        simulator.prepare()


@pytest.fixture(scope="session")
def forced():
    """A context in which device "cuda" is one strategy, whatever is best."""
    return strategies.forced
