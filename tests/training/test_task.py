"""The task that kernels are given."""

import numpy as np
import pytest
from fits import VALIDATION, X, Y, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels.task import NEVER, RUNNING


def task_of(optimizer=None, device="cpu", **options):
    networks = population()
    training = bp.Training(networks, X, Y, optimizer or bp.Adam(), 5, 8, device=device, **options)
    return networks, training.resident.task


def test_a_task_has_what_a_fit_was_asked_for():
    rows = [np.arange(15), np.arange(4, 20)], [0, 1, 1, 0]
    networks, task = task_of(rows=rows, tol=0.1, patience=[2, 3, 4, 5], record=2, seed=7)
    assert (task.batch_size, task.epochs, task.summed) == (8, 5, False)
    assert_array_equal(task.fold_start, [0, 15, 31])
    assert_array_equal(task.order, [[*range(15), *range(4, 20)]])
    assert_array_equal(task.record, [False, True, False, True, True])
    assert_array_equal(task.column, [0, 0, 1, 1, 2])
    assert_array_equal(task.tol, [0.1] * 4)
    assert_array_equal(task.patience, [2, 3, 4, 5])
    assert task.dropout.shape == (4, 0)
    assert task.shuffle.seed == 7
    assert task.state.parameters is networks.parameters


def test_what_was_not_asked_for_takes_no_memory():
    _, task = task_of(bp.SGD())
    assert task.validation is None
    assert (task.patience == NEVER).all()
    assert (task.tol == -np.inf).all()
    assert {task.tol.strides, task.patience.strides, task.keys.strides} == {(0,)}
    for name in ("moments", "powers", "best", "best_epoch", "validation_loss", "penalty"):
        assert getattr(task.state, name).size == 0, name


def test_a_state_begins_with_nothing_trained():
    options = {"validation": VALIDATION, "patience": 1, "objective": "sum"}
    networks, task = task_of(**options)
    state = task.state
    assert state.moments.shape == (4, 2, networks.mlp.n_parameters)
    assert not state.moments.any()
    assert_array_equal(state.powers, np.ones((4, 2)))
    assert (state.status == RUNNING).all()
    assert not state.epochs_run.any()
    assert_array_equal(state.best, [np.inf] * 4)
    assert state.best_parameters.shape == networks.parameters.shape
    for losses in (state.loss, state.validation_loss, state.penalty):
        assert losses.shape == (4, 5)
        assert np.isnan(losses).all()
    _, task = task_of(**options, restore_best_weights=False)
    assert task.state.best_parameters.size == 0


def test_losses_that_cannot_fit_are_refused():
    with pytest.raises(MemoryError):
        fit(population(1000), epochs=10**10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the optimiser's memory of 4 networks take"),
        ({"optimizer": bp.SGD(), "patience": 1}, "the best parameters of 4 networks take"),
        ({"optimizer": bp.SGD()}, "the losses of 4 networks take"),
    ],
)
def test_memory_is_asked_for_by_name(options, words, monkeypatch):
    networks = population()
    monkeypatch.setattr("bpfast.memory.ALWAYS_FREE", -1)
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: 0)
    with pytest.raises(MemoryError, match=words):
        bp.Training(networks, X, Y, **{"optimizer": bp.Adam()} | options)
