"""Random numbers from counters: permutations, distributions, and who shares numbers with whom."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels import counter

# Chi-square with many degrees of freedom is close to normal: this far off is one in a million.
Z_LIMIT = 4.9


def chi_square_z(counts: np.ndarray, expected: float) -> float:
    """How many deviations a chi-square sum lies from its mean, for counts that should be equal."""
    freedom = counts.size - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)


def moments_z(draws: np.ndarray, variance: float) -> tuple[float, float]:
    """How many deviations mean and mean square of draws lie from 0 and ``variance``."""
    squares = draws**2
    return (
        draws.mean() / np.sqrt(variance / draws.size),
        (squares.mean() - variance) / (squares.std() / np.sqrt(draws.size)),
    )


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
        np.testing.assert_array_equal(draw(keys[1:2], 5, 8), draw(keys, 0, 10)[1:2, 5:8])


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


# --- initialisers ---------------------------------------------------------------------------------

D_IN, D_OUT = 30, 20
VARIANCES = {
    "he_uniform": 2 / D_IN,
    "he_normal": 2 / D_IN,
    "glorot_uniform": 2 / (D_IN + D_OUT),
    "glorot_normal": 2 / (D_IN + D_OUT),
    "torch": 1 / (3 * D_IN),
}


@pytest.mark.parametrize("init", VARIANCES)
def test_initialiser(init):
    mlp = bp.MLP((D_IN, D_OUT, 1), loss="mse")
    population = bp.Population(mlp, n=200, init=init, dtype="float64")
    weights, biases = population.weights[0], population.biases[0]
    assert max(map(abs, moments_z(weights, VARIANCES[init]))) < Z_LIMIT
    bound = np.sqrt(3 * VARIANCES[init])
    if init.endswith("normal"):
        assert np.abs(weights).max() > bound
    else:
        assert 0.999 * bound < np.abs(weights).max() <= bound
    if init == "torch":
        assert max(map(abs, moments_z(biases, VARIANCES[init]))) < Z_LIMIT
        assert 0.99 * bound < np.abs(biases).max() <= bound
    else:
        assert not biases.any()


def test_zeros():
    assert not bp.Population(bp.MLP((3, 4, 2)), n=5, init="zeros").parameters.any()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("relu", "he_uniform"), ("gelu", "he_uniform"), ("tanh", "glorot_uniform")],
)
def test_auto_follows_the_activation(activation, expected):
    mlp = bp.MLP((5, 7, 3), activation=activation)
    auto, named = (bp.Population(mlp, 4, init=init) for init in ("auto", expected))
    np.testing.assert_array_equal(auto.weights[0], named.weights[0])
    last = bp.Population(mlp, 4, init="glorot_uniform").weights[1]
    np.testing.assert_array_equal(auto.weights[1], last)


@pytest.mark.parametrize("init", [*VARIANCES, "auto"])
def test_a_network_starts_the_same_whatever_n_is(init, monkeypatch):
    monkeypatch.setattr(
        "bpfast.training.population.CHUNK", 1000
    )  # parts end in the midst of the few
    mlp = bp.MLP((3, 4, 2))
    many, few = (bp.Population(mlp, n, seed=3, init=init) for n in (1000, 37))
    np.testing.assert_array_equal(many.parameters[:37], few.parameters)
    np.testing.assert_array_equal(many.seeds[:37], few.seeds)
    assert len(np.unique(many.parameters[:, :12], axis=0)) == 1000


def test_layers_weights_and_networks_are_independent():
    mlp = bp.MLP((20, 20, 20), activation="tanh", bias=False)
    weights = np.stack(bp.Population(mlp, n=100, dtype="float64").weights, axis=1)
    weights = (weights / weights.std()).reshape(100, 2, 400)
    pairs = [
        (weights[:, 0], weights[:, 1]),
        (weights[1:], weights[:-1]),
        (weights[..., 1:], weights[..., :-1]),
    ]
    for a, b in pairs:
        assert abs((a * b).mean() * np.sqrt(a.size)) < Z_LIMIT


def test_another_seed_is_another_population():
    mlp = bp.MLP((3, 4, 2))
    first, second = (bp.Population(mlp, 10, seed=seed).parameters[:, :12] for seed in (0, 1))
    assert not np.intersect1d(first, second).size
