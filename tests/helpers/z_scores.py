"""How far statistics of random numbers are from what they should be, in deviations."""

import numpy as np

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
