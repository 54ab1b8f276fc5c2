"""What tests of the CUDA kernels share: in Numba's simulator or, with ``-m gpu``, on a GPU."""

import pytest

from bpfast.bench.gpu import simulator, strategies
from bpfast.kernels.cuda import device


def pytest_collection_modifyitems(items):
    """Skip what needs a GPU, or Numba's simulator, where that is not."""
    problem = device.problem()
    for item in items:
        simulates, runs = map(item.get_closest_marker, ("cuda_simulator", "gpu"))
        reason = f"{problem}; NUMBA_ENABLE_CUDASIM=1 simulates" if problem and runs else ""
        if simulates and not runs and not device.simulated():
            reason = "of the simulator alone: NUMBA_ENABLE_CUDASIM=1"
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def _simulator():
    """What lasts as long as the process, which simulates from its beginning to its end."""
    if device.simulated():
        simulator.prepare()


@pytest.fixture(scope="session")
def forced():
    """A context in which device "cuda" is one strategy, whatever is best."""
    return strategies.forced
