"""A task on its device: when it is placed there, brought back and given back."""

from types import SimpleNamespace

import numpy as np
import pytest
from fits import X, Y, population

import bpfast as bp
from bpfast.training import resident


@pytest.fixture
def calls(monkeypatch):
    """What a device is asked for, by name and by what comes with it."""
    made = []

    def note(name):
        def call(*given):
            made.append((name, *given[1:]))
            return name

        return call

    names = ("resident", "emptied", "bring_back", "with_rates", "restore_best")
    kernels = SimpleNamespace(FIRST_RATE=1.0, GRAIN=1, **{name: note(name) for name in names})
    monkeypatch.setattr(resident.dispatch, "kernels", lambda plan: kernels)
    return made


def a_resident_task(networks, **options):
    return bp.Training(networks, X, Y, bp.SGD(), 4, device="cpu", **options).resident


def test_a_task_is_placed_once_until_it_is_closed(calls):
    networks = population()
    task = a_resident_task(networks)
    assert task.place() == task.place() == "resident"
    task.close()
    task.close()
    assert task.placed == "emptied"
    task.place()
    (first, is_new), (second, was_new) = [call[1:] for call in calls if call[0] == "resident"]
    assert first is second is networks.parameters
    assert (is_new, was_new) == (True, False)
    assert [call[0] for call in calls] == ["resident", "emptied", "bring_back", "resident"]


def test_the_state_is_brought_back_once_there_is_one(calls):
    networks = population()
    task = a_resident_task(networks)
    assert task.state().parameters is networks.parameters
    assert calls == []
    task.place()
    task.state()
    assert [call[0] for call in calls] == ["resident", "bring_back"]
    task.close()
    task.forget()
    task.state()
    assert [call[0] for call in calls] == ["resident", "bring_back", "emptied"]


def test_a_state_that_was_changed_on_the_host_is_not_new(calls):
    task = a_resident_task(population())
    task.forget()
    task.place()
    assert calls[0][2] is False


def test_rates_are_set_on_the_host_and_where_the_task_is(calls):
    task = a_resident_task(population())
    optimizer = bp.SGD(learning_rate=0.5).resolve(4, 4)
    task.set_optimizer(optimizer)
    assert task.task.optimizer is optimizer
    assert calls == []
    task.place()
    task.set_optimizer(optimizer)
    assert calls[-1] == ("with_rates", optimizer)


def test_those_that_ended_after_their_best_epoch_have_its_parameters(calls):
    task = a_resident_task(population(), patience=2)
    everyone = np.arange(4)
    task.restore_best(everyone)
    assert calls == []
    task.task.state.status[[1, 2]] = 1
    task.task.state.best_epoch[[2, 3]] = 0
    task.restore_best(everyone)
    name, networks = calls[-1]
    assert (name, networks.tolist()) == ("restore_best", [2])
