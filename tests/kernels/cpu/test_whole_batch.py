"""A task for what needs no optimiser."""

import numpy as np

from bpfast.kernels import reference
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.task import RUNNING, Network, Samples


def test_an_epoch_of_the_task_is_the_loss_of_all_samples():
    rng = np.random.default_rng(0)
    network = Network((3, 4, 2), True, ("tanh",), "mse", 0.0)
    parameters = rng.normal(size=(5, network.n_parameters))
    samples = Samples(rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), rng.random(7))
    before = parameters.copy()
    task = whole_batch(network, parameters, samples)
    reference.train("reference", task, np.arange(5))
    losses, _ = reference.gradients("reference", network, before, samples)
    np.testing.assert_allclose(task.state.loss[:, 0], losses)
    np.testing.assert_array_equal(parameters, before)  # its learning rate is 0
    assert (task.state.status == RUNNING).all()
