"""Orders of epochs are those of the counter, however many threads make them."""

from types import SimpleNamespace

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

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


@drawn(40)
@given(
    sizes=st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 63, 64, 65, 1000]), min_size=1, max_size=5),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**63),
    first=st.integers(0, 10**6),
    threads=st.integers(1, 3),
)
def test_they_are_the_counters(sizes, batch_size, seed, first, threads):
    rng = np.random.default_rng(0)
    folds = [rng.integers(0, 5000, size) for size in sizes]
    expected = Shuffled(folds, True, seed, batch_size)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(shuffling, "SHARED_ROWS", 0)
        got = orders(folds, expected.shuffled, seed, first, 3, threads)
    np.testing.assert_array_equal(got, np.broadcast_to(expected.of(first, 3), got.shape))


def test_many_rows():
    folds = [np.arange(70_001)]
    np.testing.assert_array_equal(
        orders(folds, (True,), 3, 5, 1, 1), Shuffled(folds, True, 3, 64).of(5, 1)
    )


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
