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


def masks(keys, size, p):
    """Which units are dropped, (keys, size)."""
    return ~counter.keeps(keys[:, None], np.arange(size), counter.least_kept(p))


@pytest.mark.parametrize("p", [0.5, 0.2, 0.01])
def test_units_are_dropped_with_their_probability(p):
    dropped = masks(counter.key(9, np.arange(30)), 50_000, p)
    assert abs((dropped - p).sum() / np.sqrt(dropped.size * p * (1 - p))) < Z_LIMIT
    assert not masks(counter.key(9), 50_000, 0.0).any()
    assert masks(counter.key(9), 50_000, 1.0 - 2.0**-53).all()


def test_draws_are_uniform():
    words = counter.U32(counter.key(9)) + counter.advance(np.arange(1_000_000))
    draws = counter.draw(words, counter.upper_half(counter.key(9)))
    assert draws.dtype == np.uint32
    counts = np.bincount(draws >> np.uint32(20), minlength=4096)
    assert abs(chi_square_z(counts, draws.size / 4096)) < Z_LIMIT


@pytest.mark.parametrize("varied", ["network", "step", "layer"])
@pytest.mark.parametrize("p", [0.5, 0.2, 0.05])
def test_masks_are_random_along_keys_and_units(p, varied):
    """Units next to each other, or in the rows of a layer of 2**k units, and keys of a path."""
    path = {"network": 3, "step": 7, "layer": 1} | {varied: np.arange(100)}
    dropped = masks(counter.key(5, *path.values()), 10_000, p)
    pairs = [(dropped[:, lag:], dropped[:, :-lag]) for lag in (1, 2, 3, 16, 64, 128, 1024, 4096)]
    for a, b in [*pairs, (dropped[1:], dropped[:-1]), (dropped[1:, 1:], dropped[:-1, :-1])]:
        variance = p**2 * (1 - p**2) + 2 * p**3 * (1 - p)  # pairs overlap
        z = ((a & b).sum() - a.size * p**2) / np.sqrt(a.size * variance)
        assert abs(z) < Z_LIMIT


def test_groups_of_units_are_equally_likely():
    """Eight units side by side, and of eight rows of 64."""
    dropped = masks(counter.key(5, np.arange(8)), 1 << 17, 0.5)
    for groups in (dropped.reshape(-1, 8), dropped.reshape(-1, 8, 64).swapaxes(1, 2)):
        counts = np.bincount(np.packbits(groups, axis=-1).ravel(), minlength=256)
        assert abs(chi_square_z(counts, counts.sum() / 256)) < Z_LIMIT


def test_positions_beyond_32_bits():
    least, key = counter.least_kept(0.5), counter.key(5)
    near, far = (counter.keeps(key, np.arange(50) + k, least) for k in (0, 2**32))
    np.testing.assert_array_equal(near, far)


def test_keys_broadcast_and_do_not_collide():
    keys = counter.key(1, np.arange(50)[:, None], np.arange(40))
    assert keys.shape == (50, 40)
    assert np.unique(keys).size == keys.size
    np.testing.assert_array_equal(keys[3, 4:5], counter.key(1, 3, 4))
    np.testing.assert_array_equal(counter.branch(counter.key(1, 3), 4), counter.key(1, 3, 4))
    assert counter.key(3, 1) != counter.key(1, 3)
