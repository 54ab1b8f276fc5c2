"""Parzen estimators: they are densities, and what is drawn is distributed by them."""

import numpy as np
import pytest
from scipy.special import ndtr

from bpfast.sweeps.parzen import FLAT, Choices, Parzen, Range

optuna = pytest.importorskip("optuna")
FloatDistribution = optuna.distributions.FloatDistribution
IntDistribution = optuna.distributions.IntDistribution
CHOICES = optuna.distributions.CategoricalDistribution(["a", "b", "c"])
EVEN = np.linspace(0.0, 1.0, 20_001)[1:-1]


@pytest.mark.parametrize(
    ("distribution", "observed"),
    [
        (FloatDistribution(-1.0, 3.0), [0.1, 0.1, 2.9]),
        (FloatDistribution(1e-4, 1.0, log=True), [1e-4, 2e-3, 0.7]),
        (FloatDistribution(-1.0, 3.0), []),
    ],
)
def test_a_range_has_a_density_that_draws_follow(distribution, observed):
    kernels = Range(distribution, np.array(observed))
    low, high = distribution.low, distribution.high
    places = np.log([low, high]) if distribution.log else np.array([low, high])
    grid = np.linspace(*places, 20_001)
    values = np.clip(np.exp(grid) if distribution.log else grid, low, high)
    density = np.exp(kernels.log_density(values))  # of where a value is between the ends
    np.testing.assert_allclose(density[1:].mean(axis=0), 1, rtol=1e-3)
    for kernel in range(len(observed) + 1):
        drawn = kernels.draw(np.full(len(EVEN), kernel), EVEN)
        assert low <= drawn.min()
        assert drawn.max() <= high
        shares = np.searchsorted(drawn, values) / len(drawn)  # by EVEN they are sorted
        np.testing.assert_allclose(shares, np.cumsum(density[:, kernel]) / 20_001, atol=2e-3)


@pytest.mark.parametrize(
    "distribution",
    [
        IntDistribution(2, 9),
        IntDistribution(2, 12, step=5),
        IntDistribution(1, 9, log=True),
        FloatDistribution(0.0, 0.9, step=0.3),
    ],
)
def test_steps_have_shares_that_draws_follow(distribution):
    low, high, step = distribution.low, distribution.high, distribution.step
    steps = np.arange(low, high + step / 2, step).astype(float)
    kernels = Range(distribution, steps[[0, 1, -1]])
    shares = np.exp(kernels.log_density(steps))
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    for kernel in range(4):
        drawn = kernels.draw(np.full(len(EVEN), kernel), EVEN)
        found = np.isclose(drawn[:, None], steps).mean(axis=0)
        np.testing.assert_allclose(found.sum(), 1)
        np.testing.assert_allclose(found, shares[:, kernel], atol=2e-3)


def test_kernels_are_as_wide_as_neighbours_are_far():
    """But not narrower than the range by the number of observations; one covers everything."""
    distribution = FloatDistribution(0.0, 1.0)
    for observed, expected in (
        ([0.9, 0.0, 0.5, 0.51, 0.9], [0.39, 0.5, 0.5, 0.39, 1 / 7, 1.0]),
        ([0.3], [0.7, 1.0]),  # then the range's ends are its neighbours
        ([0.2, 0.2], [1 / 4, 1 / 4, 1.0]),
    ):
        observed = np.array(observed)
        kernels = Range(distribution, observed)
        centers = np.append(observed, 0.5)
        heights = np.diagonal(np.exp(kernels.log_density(centers)))
        widths = np.array(expected)
        inside = ndtr((1 - centers) / widths) - ndtr(-centers / widths)
        np.testing.assert_allclose(heights, 1 / (np.sqrt(2 * np.pi) * widths * inside))


def test_choices_are_drawn_by_their_shares():
    kernels = Choices(CHOICES, np.array([2.0, 0.0]))
    shares = np.exp(kernels.log_density(np.arange(3.0)))
    expected = np.array([[1, 4, 2], [1, 1, 2], [4, 1, 2]]) / 6
    np.testing.assert_allclose(shares, expected)
    for kernel in range(3):
        drawn = kernels.draw(np.full(len(EVEN), kernel), EVEN)
        found = (drawn[:, None] == np.arange(3)).mean(axis=0)
        np.testing.assert_allclose(found, expected[:, kernel], atol=1e-3)


def test_a_point_is_drawn_by_one_kernel():
    """So hyperparameters that go together stay together."""
    points = np.array([[0.1, 0.0], [0.9, 2.0]] * 5)
    parzen = Parzen([FloatDistribution(0.0, 1.0), CHOICES], points)
    drawn = parzen.draw(np.random.default_rng(0).random((3000, 3)))
    left = drawn[:, 0] < 0.5
    assert (drawn[left, 1] == 0).mean() > 0.7
    assert (drawn[~left, 1] == 2).mean() > 0.7
    apart = parzen.log_density(np.array([[0.1, 0.0], [0.1, 2.0]]))
    assert apart[0] > apart[1] + 1


@pytest.mark.parametrize("count", [0, 2, FLAT, 200])
def test_the_older_an_observation_the_less_it_counts(count):
    values = np.zeros((count, 1))
    values[: count // 2] = 1.0  # the older ones
    shares = np.exp(Parzen([CHOICES], values).log_density(np.arange(3.0)[:, None]))
    np.testing.assert_allclose(shares.sum(), 1)
    assert (shares[0] > 1.5 * shares[1]) == (count > FLAT)
