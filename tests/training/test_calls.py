"""How a training is cut into calls of a kernel."""

import numpy as np
import pytest
from fits import MLP, VALIDATION, X, Y, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.task import DIVERGED, STOPPED
from bpfast.training.calls import CALL_SECONDS, Pace, furthest_behind, some_epochs


def test_trainings_cut_into_calls_are_the_same(monkeypatch):
    at_once, in_parts = population(2 * cpu.GRAIN), population(2 * cpu.GRAIN)
    options = {"dropout": 0.3, "validation": VALIDATION, "record": 2, "patience": 2}
    whole = fit(at_once, bp.Adam(schedule="cosine"), **options)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    calls = []
    parts = fit(in_parts, bp.Adam(schedule="cosine"), progress=calls.append, **options)
    assert len(calls) > 6
    assert_array_equal(in_parts.parameters, at_once.parameters)
    for name in ("loss", "validation_loss", "epochs_run", "stopped"):
        assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_a_kernel_that_leaves_a_network_behind_is_found_out(monkeypatch):
    """Whoever waits for an epoch would wait for ever."""
    monkeypatch.setattr(cpu, "train", lambda strategy, task, networks: None)
    with pytest.raises(RuntimeError, match="network 0 is at epoch 0 after it was trained to epoch"):
        bp.fit(bp.Population(MLP, 3), X, Y, bp.SGD(), device="cpu", progress=False)


def task_of(n=6, rows=None, epochs=9, **options):
    """A task of which nothing is trained yet."""
    training = bp.Training(population(n), X, Y, bp.Adam(), epochs, rows=rows, **options)
    return training.resident.task


def test_a_call_takes_as_many_epochs_as_fit_into_its_time():
    task, networks, pace = task_of(), np.arange(6), Pace(1.0, grain=2)
    assert pace.cut(task, networks, 99)[0] == 1  # at least
    pace.learn(task, networks, CALL_SECONDS)
    assert pace.cut(task, networks, 99)[0] == 9  # what it has just done
    assert pace.cut(task, networks[:3], 99)[0] == 18
    assert pace.cut(task, networks[:3], 4)[0] == 4
    pace.learn(task, networks, CALL_SECONDS / 4)
    epochs, (part,) = pace.cut(task, networks, 99)
    assert epochs == 36
    assert_array_equal(part, networks)


def test_networks_that_take_too_long_are_cut_into_grains():
    task, networks, pace = task_of(), np.array([5, 0, 4, 1, 3]), Pace(1e12, grain=2)
    assert len(pace.cut(task, networks, 1)[1]) == 1
    pace.learn(task, networks, 1e6)
    epochs, parts = pace.cut(task, networks, 9)
    assert epochs == 1
    assert [part.tolist() for part in parts] == [[5, 0], [4, 1], [3]]


def test_those_furthest_behind_are_trained_up_to_the_others():
    task = task_of()
    networks, until = furthest_behind(task, 0, 9)
    assert_array_equal(networks, range(6))
    assert until == 9
    task.state.epochs_run[:] = [3, 3, 5, 3, 7, 4]
    task.state.status[[0, 5]] = STOPPED, DIVERGED
    networks, until = furthest_behind(task, 3, 9)
    assert_array_equal(networks, [1, 3])
    assert until == 5
    task.state.status[:] = STOPPED
    assert furthest_behind(task, 3, 9)[0].size == 0


def test_networks_of_one_fold_are_beside_each_other():
    rows = [np.arange(5), np.arange(5, 20)], [1, 0, 1, 0, 0, 1]
    assert_array_equal(furthest_behind(task_of(rows=rows), 0, 9)[0], [1, 3, 4, 0, 2, 5])


def test_some_epochs_have_their_own_columns_and_rates():
    task = task_of(record=2)
    rates = np.arange(54.0).reshape(6, 9)
    each = some_epochs(task, task.order, 4, 3)
    assert (each.first_epoch, each.epochs) == (4, 3)
    assert_array_equal(each.record, [False, True, False])
    assert_array_equal(each.column, [2, 2, 3])
    assert each.optimizer.rates.shape == (6, 1)
    training = bp.Training(population(6), X, Y, bp.SGD(learning_rate=rates), 9)
    part = some_epochs(training.resident.task, task.order, 4, 3)
    assert_array_equal(part.optimizer.rates, rates[:, 4:7])
