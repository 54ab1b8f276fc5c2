"""The orders of rows: those that scikit-learn's shuffles would give."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils import shuffle

from bpfast.sklearn.streams import Stream, Streams

ROWS = np.array([4, 8, 15, 16, 23, 42])


def fit(rows=ROWS, seed=0, shuffles=True):
    """What a stream needs of a fit."""
    return SimpleNamespace(
        rows=rows,
        trained=np.arange(len(rows)),
        random_state=np.random.RandomState(seed),
        estimator=SimpleNamespace(shuffle=shuffles),
    )


def scikit_learns(rows, seed, epochs):
    random_state, orders = np.random.RandomState(seed), []
    for _ in range(epochs):
        rows = shuffle(rows, random_state=random_state)
        orders.append(rows)
    return np.array(orders), random_state


def test_orders_are_scikit_learns():
    stream = Stream(ROWS, np.random.RandomState(1), shuffle=True)
    expected, ended = scikit_learns(ROWS, 1, 5)
    np.testing.assert_array_equal([*stream.advance(2), *stream.advance(3)], expected)
    assert stream.random_state.randint(2**31) == ended.randint(2**31)


def test_without_shuffle_rows_stay_in_order():
    np.testing.assert_array_equal(
        Stream(ROWS, np.random.RandomState(1), False).advance(2), [ROWS] * 2
    )


@pytest.mark.parametrize(
    ("other", "shared"),
    [({}, True), ({"seed": 1}, False), ({"rows": ROWS[::-1]}, False), ({"shuffles": False}, False)],
)
def test_fits_that_draw_the_same_share_a_stream(other, shared):
    streams = Streams([fit(), fit(**other)])
    assert (streams.fold[0] == streams.fold[1]) == shared
    assert len(streams.folds) == 2 - shared
    assert streams.orders(0, 3).shape == (3, 6 * len(streams.folds))


def test_epochs_that_nobody_trained_are_shuffled_for_too():
    streams = Streams([fit()])
    streams.orders(0, 2)
    streams.catch_up(5)
    ended = np.random.RandomState()
    streams.leave(0, ended)
    assert ended.randint(2**31) == scikit_learns(ROWS, 0, 5)[1].randint(2**31)


def test_the_random_states_of_several_fits_stay_until_each_ends():
    fits = [fit(), fit()]
    streams = Streams(fits)
    streams.orders(0, 2)
    streams.leave(0, fits[0].random_state)
    streams.orders(2, 3)
    assert fits[0].random_state.randint(2**31) == scikit_learns(ROWS, 0, 2)[1].randint(2**31)
    assert fits[1].random_state.randint(2**31) == np.random.RandomState(0).randint(2**31)
