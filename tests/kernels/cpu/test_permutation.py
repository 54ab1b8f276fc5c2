"""Permutations are the counter's."""

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.kernels import counter
from bpfast.kernels.cpu.library import function
from bpfast.kernels.cpu.shuffling import WRITE_ORDERS, Memory
from bpfast.kernels.cpu.threads import COUNTERS, NEXT
from bpfast.training.orders import Shuffled


def write(seed, first, epochs, folds, chosen, already=0):
    """Orders of some epochs, where other threads have made so many parts already."""
    epochs = np.arange(first, first + epochs)
    keys = counter.key(seed, epochs[:, None], np.arange(len(folds)))
    longest, counters = max(map(len, folds)), np.zeros(COUNTERS, np.int64)
    counters[NEXT] = already
    memory = Memory(np.zeros(longest, np.uint64), np.full(1 << longest.bit_length(), 7, np.uint32))
    orders = np.full((len(epochs), sum(map(len, folds))), -1)
    function(WRITE_ORDERS, "float64")(
        keys, np.array(chosen), np.concatenate(folds), np.cumsum([0, *map(len, folds)]),
        memory, counters, orders,
    )  # fmt: skip
    assert counters[NEXT] > already
    return orders


@drawn(40)
@given(
    sizes=st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 63, 64, 65, 1000]), min_size=1, max_size=5),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**63),
    first=st.integers(0, 10**6),
)
def test_they_are_the_counters(sizes, batch_size, seed, first):
    rng = np.random.default_rng(0)
    folds = [rng.integers(0, 5000, size) for size in sizes]
    expected = Shuffled(folds, True, seed, batch_size)
    got = write(seed, first, 3, folds, expected.shuffled)
    np.testing.assert_array_equal(got, np.broadcast_to(expected.of(first, 3), got.shape))


@pytest.mark.parametrize("size", [65_535, 65_536, 70_001])
def test_many_rows(size):
    folds = [np.arange(size)]
    expected = Shuffled(folds, True, 3, 64).of(5, 1)
    np.testing.assert_array_equal(write(3, 5, 1, folds, (True,)), expected)


def test_what_other_threads_have_begun_is_left_to_them():
    folds, chosen = [np.arange(5), np.arange(3)], (True, False)
    whole, rest = (write(3, 0, 2, folds, chosen, already) for already in (0, 3))
    assert (rest.ravel()[:13] == -1).all()  # of two epochs with two folds each
    assert rest.ravel()[13:].tolist() == whole.ravel()[13:].tolist() == [0, 1, 2]
