"""The order of rows in each epoch: bpfast's own shuffles, and orders from outside."""

import numpy as np
import pytest
from fits import X, Y, every_device, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.training.orders import Given, Shuffled

FOLDS = [np.arange(13), np.array([3, 1, 2]), np.arange(5, 15)]


@every_device
@pytest.mark.parametrize("rows", [None, (FOLDS, np.array([0, 2, 1, 2]))], ids=["", "folds"])
def test_orders_may_come_from_outside(rows, device, monkeypatch):
    """Those that bpfast would draw itself, a few epochs at a time."""
    monkeypatch.setattr("bpfast.training.orders.ORDER_ROWS", 60)
    folds = [np.arange(20)] if rows is None else FOLDS
    asked = []

    def orders(first, epochs):
        asked.append((first, epochs))
        return Shuffled(folds, True, 7, 4).of(first, epochs)

    own, given = population(), population()
    options = {"epochs": 8, "batch_size": 4, "device": device, "rows": rows}
    expected = bp.fit(own, X, Y, bp.Adam(), seed=7, progress=False, **options)
    with bp.Training(given, X, Y, bp.Adam(), orders=orders, **options) as training:
        training.advance(3)
        training.advance()
    assert_array_equal(given.parameters, own.parameters)
    assert_array_equal(training.history().loss, expected.loss)
    assert [first for first, _ in asked] == list(np.cumsum([0, *(n for _, n in asked)])[:-1])
    assert len(asked) >= 3


@pytest.mark.parametrize(
    ("orders", "error", "words"),
    [
        (np.arange(20), TypeError, "orders must be called with"),
        (lambda first, epochs: np.zeros((epochs, 20)), TypeError, "row numbers, got dtype float64"),
        (
            lambda first, epochs: np.zeros((epochs, 19), int),
            ValueError,
            r"orders have shape \(\d+, 19\), expected \(\d+, 20\)",
        ),
        (lambda first, epochs: np.full((epochs, 20), 20), ValueError, "from 20 to 20, X has rows"),
        (lambda first, epochs: np.full((epochs, 20), -1), ValueError, "from -1 to -1, X has rows"),
    ],
)
def test_orders_are_checked(orders, error, words):
    networks = population()
    before = networks.parameters.copy()
    with pytest.raises(error, match=words):
        bp.Training(networks, X, Y, bp.SGD(), orders=orders).advance()
    assert_array_equal(networks.parameters, before)


def test_every_epoch_has_each_row_of_a_fold_once():
    orders = Shuffled(FOLDS, True, 7, 4)
    epochs = orders.of(3, 2)
    assert epochs.shape == (2, 26)
    for order in epochs:
        assert_array_equal(np.sort(order[:13]), FOLDS[0])
        assert_array_equal(order[13:16], FOLDS[1])  # one batch holds all: nothing to shuffle
        assert_array_equal(np.sort(order[16:]), FOLDS[2])
    assert (epochs[0] != epochs[1]).any()
    assert_array_equal(orders.of(4, 1)[0], epochs[1])
    assert (Shuffled(FOLDS, True, 8, 4).of(3, 2) != epochs).any()


def test_without_shuffling_one_order_serves_all_epochs():
    orders = Shuffled(FOLDS, False, 7, 4)
    assert_array_equal(orders.of(0, 1000), orders.rows())
    assert orders.longest > 10**9


def test_orders_are_made_for_as_many_epochs_as_memory_is_meant_for(monkeypatch):
    monkeypatch.setattr("bpfast.training.orders.ORDER_ROWS", 60)
    assert Shuffled(FOLDS, True, 7, 4).longest == Given(print, 26, 20).longest == 2
    assert Given(print, 61, 20).longest == 1
