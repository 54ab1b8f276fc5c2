"""Random numbers from counters: permutations, distributions, and who shares numbers with whom."""

import numpy as np
import pytest
from z_scores import Z_LIMIT, chi_square_z, moments_z

from bpfast.kernels import counter


def permutation(seed, epoch, fold, count):
    return counter.permutations(seed, np.array([epoch]), fold, count)[0]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 1000])
def test_permutation_has_every_row_once(count):
    order = permutation(seed=3, epoch=1, fold=0, count=count)
    assert order.dtype == np.int64
    assert sorted(order) == list(range(count))


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 1000])
def test_permutation_sorts_rows_by_their_hashes(count):
    hashes = counter.mix(counter.key(3, 1, 0) + np.arange(count, dtype=np.uint64) * counter.GOLDEN)
    np.testing.assert_array_equal(permutation(3, 1, 0, count), np.argsort(hashes))


def test_permutations_of_epochs_are_as_each_alone():
    together = counter.permutations(3, np.arange(4, 9), 2, 100)
    np.testing.assert_array_equal(together, [permutation(3, e, 2, 100) for e in range(4, 9)])


def test_permutation_differs_by_seed_epoch_and_fold():
    paths = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (2**40, 0, 0)]
    orders = {tuple(permutation(*path, 50)) for path in paths}
    assert len(orders) == len(paths)


@pytest.mark.parametrize("varied", ["seed", "epoch", "fold"])
def test_every_row_is_equally_likely_at_every_place(varied):
    draws, count = 2400, 12
    table = np.zeros((count, count))
    for k in range(draws):
        path = {"seed": 5, "epoch": 0, "fold": 0} | {varied: k}
        table[np.arange(count), permutation(**path, count=count)] += 1
    # rows and columns have fixed sums: (count - 1)**2 degrees of freedom
    square = ((table - draws / count) ** 2).sum() / (draws / count) * (count - 1) / count
    freedom = (count - 1) ** 2
    assert abs(square - freedom) / np.sqrt(2 * freedom) < Z_LIMIT


def test_uniform():
    draws = counter.uniform(counter.key(7, np.arange(100)), 0, 1000)
    assert draws.shape == (100, 1000)
    assert draws.min() > 0.0
    assert draws.max() < 1.0
    assert max(map(abs, moments_z(draws - 0.5, 1 / 12))) < Z_LIMIT
    counts = np.histogram(draws, 64, (0, 1))[0]
    assert abs(chi_square_z(counts, draws.size / 64)) < Z_LIMIT


def test_uniform_is_random_along_keys_and_positions():
    draws = counter.uniform(counter.key(7, np.arange(300)), 0, 300) - 0.5
    for a, b in ((draws[1:], draws[:-1]), (draws[:, 1:], draws[:, :-1])):
        assert abs((a * b).mean() * 12 * np.sqrt(a.size)) < Z_LIMIT


def test_a_part_is_as_in_the_whole():
    keys = counter.key(7, np.arange(3))
    for draw in (counter.uniform, counter.normal):
        whole = draw(keys, 0, 10)
        np.testing.assert_array_equal(draw(keys[1:2], 5, 8), whole[1:2, 5:8])
        memory = np.ones((2, 70), np.uint64)  # more than is needed, and used before
        np.testing.assert_array_equal(draw(keys, 0, 10, memory), whole)


def test_uniform_is_the_hash_of_key_and_position():
    keys, positions = counter.key(7, np.arange(3)), np.arange(5, 9, dtype=np.uint64)
    bits = counter.mix(keys[:, None] + positions * counter.GOLDEN) >> np.uint64(11)
    np.testing.assert_array_equal(counter.uniform(keys, 5, 9), (bits + 0.5) * 2.0**-53)


def test_normal():
    draws = counter.normal(counter.key(7, np.arange(100)), 0, 1000)
    assert np.isfinite(draws).all()
    assert max(map(abs, moments_z(draws, 1.0))) < Z_LIMIT
    assert abs((np.abs(draws) < 1).mean() - 0.6826895) < 5e-3
    assert abs((draws**4).mean() - 3) < 0.1


def test_uniform24_is_exact_in_float32():
    positions = np.arange(100_000, dtype=np.uint64)
    draws = counter.uniform24(counter.key(9), positions)
    np.testing.assert_array_equal(draws, draws.astype(np.float32))
    np.testing.assert_array_equal(draws * 2**24 % 1, 0.0)
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    counts = np.histogram(draws, 64, (0, 1))[0]
    assert abs(chi_square_z(counts, draws.size / 64)) < Z_LIMIT


def test_keys_broadcast_and_do_not_collide():
    keys = counter.key(1, np.arange(50)[:, None], np.arange(40))
    assert keys.shape == (50, 40)
    assert np.unique(keys).size == keys.size
    np.testing.assert_array_equal(keys[3, 4:5], counter.key(1, 3, 4))
    np.testing.assert_array_equal(counter.branch(counter.key(1, 3), 4), counter.key(1, 3, 4))
    assert counter.key(3, 1) != counter.key(1, 3)
