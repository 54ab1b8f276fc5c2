"""Derivatives by finite differences, and the kernels' gradients in a form to hold beside them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import to_host
from ..training.backpropagation import gradients
from ..training.population import Population

# Below the cube root of float64's precision, 6e-6, where rounding and truncation would be alike
# (Press et al., Numerical Recipes, section 5.7): a shorter step crosses fewer corners of relu.
STEP = 1e-6


def neighbours(
    function: Callable[[Population], np.ndarray], population: Population, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A function of each network's parameters, a ``STEP`` ahead along a direction and behind.

    Parameters
    ----------
    function : given n networks, returns n numbers or rows
    population : n networks, in float64
    directions : (n, P), one for each network
    """
    ahead, behind = (
        np.asarray(function(population.with_parameters(population.parameters + way * directions)))
        for way in (STEP, -STEP)
    )
    return ahead, behind


def central_differences(
    function: Callable[[Population], np.ndarray], population: Population, directions: np.ndarray
) -> np.ndarray:
    """Derivative along the directions, from what is ahead and behind; see :func:`neighbours`."""
    ahead, behind = neighbours(function, population, directions)
    return (ahead - behind) / (2 * STEP)


def gradient_rows(population: Population, X, y, sample_weight=None, device="auto") -> np.ndarray:
    """What :func:`bpfast.gradients` gives, (n, P), in the order of ``population.parameters``."""
    _, weights, biases = gradients(population, X, y, sample_weight, device)
    rows = np.empty_like(population.parameters)
    like = population.with_parameters(rows)
    for place, part in zip([*like.weights, *like.biases], [*weights, *biases], strict=True):
        place[...] = to_host(part)
    return rows
