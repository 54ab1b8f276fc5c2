"""What tests of the CPU's kernels share."""

from unittest.mock import patch

import numpy as np
import pytest

from bpfast.kernels import cpu
from bpfast.kernels.cpu.arguments import Arguments, arguments
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.task import Network, Samples


@pytest.fixture(autouse=True, scope="package")
def threads_for_all_work():
    """Several threads train and predict whatever is little, too."""
    with patch.object(cpu, "ALONE", 0.0):
        yield


@pytest.fixture
def arguments_of():
    """Makes the arguments of kernels for some random networks of an architecture."""

    def make(layers, n=1, rows=20) -> Arguments:
        rng = np.random.default_rng(0)
        network = Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0)
        inputs, targets = (rng.normal(size=(rows, width)) for width in (layers[0], layers[-1]))
        samples = Samples(inputs, targets, rng.random(rows))
        parameters = rng.normal(size=(n, network.n_parameters))
        return arguments(whole_batch(network, parameters, samples), np.arange(n))

    return make


@pytest.fixture
def network_and_data(arguments_of):
    """An architecture with two outputs, and twenty samples, as kernels take them."""
    args = arguments_of((3, 2))
    return args.net, args.samples
