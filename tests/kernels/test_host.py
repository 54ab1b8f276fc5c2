"""Tasks whose arrays stay in the host's memory."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels import host
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.task import Samples

NETWORK = bp.MLP((2, 1), bias=False).network


def resident():
    samples = Samples(np.ones((3, 2)), np.ones((3, 1)), np.ones(3))
    task = whole_batch(NETWORK, np.zeros((4, 2)), samples)
    state = replace(task.state, best_parameters=np.ones((4, 2)))
    return host.resident(replace(task, state=state), task.state.parameters, True)


def test_parameters_stay_where_they_are():
    parameters = np.zeros((4, 2))
    assert host.place(parameters) is parameters


def test_what_calls_keep_is_the_tasks_own_until_it_is_emptied():
    task, other = resident(), resident()
    task.kept["x"] = 1
    assert (other.kept, host.emptied(task).kept, task.kept) == ({}, {}, {"x": 1})
    again = host.with_rates(task, bp.SGD(learning_rate=0.5).resolve(4, 1))
    assert again.kept is task.kept
    assert_array_equal(again.optimizer.rates, np.full((4, 1), 0.5))


def test_some_networks_get_the_parameters_of_their_best_epochs():
    task = resident()
    host.restore_best(task, np.array([1, 3]))
    assert_array_equal(task.state.parameters[:, 0], [0.0, 1.0, 0.0, 1.0])
