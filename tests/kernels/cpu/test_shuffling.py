"""Orders of epochs are those of the counter, however many threads make them."""

from types import SimpleNamespace

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu import shuffling
from bpfast.kernels.task import Shuffle
from bpfast.training.orders import Shuffled


def orders(folds, chosen, seed, first, epochs, threads):
    """What threads make."""
    shuffle = Shuffle(seed, chosen, longest=1)
    task = SimpleNamespace(
        fold_start=np.cumsum([0, *map(len, folds)]),
        order=np.concatenate(folds)[None],
        first_epoch=first,
        epochs=epochs,
    )
    result = np.full((epochs, task.order.shape[1]), -1)
    shuffling.make_orders(shuffle, task, threads, result)
    return result


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("shared_rows", [0, shuffling.SHARED_ROWS])
def test_they_are_the_counters(monkeypatch, threads, shared_rows):
    monkeypatch.setattr(shuffling, "SHARED_ROWS", shared_rows)
    folds = [np.arange(700), np.arange(9), np.arange(40)]
    expected = Shuffled(folds, True, 3, 16)
    got = orders(folds, expected.shuffled, 3, 5, 4, threads)
    np.testing.assert_array_equal(got, np.broadcast_to(expected.of(5, 4), got.shape))


def test_calls_for_the_same_epochs_make_them_once(monkeypatch):
    made = []

    def counted(shuffle, task, threads, orders, make=shuffling.make_orders):
        made.append((task.first_epoch, task.epochs))
        make(shuffle, task, threads, orders)

    monkeypatch.setattr(shuffling, "make_orders", counted)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    monkeypatch.setattr(cpu, "GRAIN", 5)
    population = bp.Population(bp.MLP((2, 3, 1)), 10)
    X, y = np.zeros((9, 2)), np.zeros(9)
    bp.fit(population, X, y, bp.SGD(), 4, batch_size=4, device="cpu", progress=False)
    assert made == [(epoch, 1) for epoch in range(4)]


def test_what_was_interrupted_is_made_anew(monkeypatch):
    """Row numbers that were never written lead anywhere."""
    folds, kept = [np.arange(9)], {}
    monkeypatch.setattr(shuffling, "replace", lambda task, order: order)
    monkeypatch.setattr(shuffling, "kept", lambda task, name, make: kept.setdefault(name, make()))
    task = SimpleNamespace(
        shuffle=Shuffle(3, (True,), longest=1),
        fold_start=np.array([0, 9]),
        order=folds[0][None],
        first_epoch=0,
        epochs=2,
    )
    with monkeypatch.context() as interrupting:
        interrupting.setattr(shuffling, "make_orders", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shuffling.with_orders(task, 1)
    np.testing.assert_array_equal(
        shuffling.with_orders(task, 1), Shuffled(folds, True, 3, 4).of(0, 2)
    )
