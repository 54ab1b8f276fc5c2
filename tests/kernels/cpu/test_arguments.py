"""A task as the CPU's kernels take it."""

import numpy as np

import bpfast as bp
from bpfast.kernels.cpu.arguments import arguments, of_block
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.task import Samples


def task(loss="mse"):
    network = bp.MLP((2, 3, 2), activation="tanh", loss=loss).network
    samples = Samples(np.ones((4, 2)), np.ones((4, 2)), np.ones(4))
    return whole_batch(network, np.zeros((3, network.n_parameters)), samples)


def test_nothing_is_copied():
    given = task()
    parts = arguments(given, np.arange(3))
    assert parts.memory.parameters is given.state.parameters
    assert parts.stopping.losses is given.state.loss
    assert parts.samples.inputs is given.samples.inputs
    assert len(parts.validation.inputs) == 0


def test_architectures_are_numbers_and_addresses():
    net = arguments(task(), np.arange(3)).net
    assert net.layers.tolist() == [2, 3, 2]
    assert net.starts.tolist() == [0, 9, 17]
    assert net.output_share == 0.5
    assert arguments(task("quantile"), np.arange(3)).net.output_share == 1.0
    assert all(address > 0 for address in (net.multiply, net.loss, *net.activations))


def test_other_networks_get_the_rest_of_the_first_calls():
    given = task()
    first = arguments(given, np.arange(3))
    second = of_block(first, given, np.array([1]))
    assert second.networks.tolist() == [1]
    assert second.net is first.net
