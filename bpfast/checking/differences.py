"""Derivatives by finite differences, and the kernels' gradients in the same form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import to_host
from ..training.backpropagation import gradients
from ..training.population import Population

# The cube root of float64's precision, 6e-6, would balance rounding and truncation (Press et al.,
# Numerical Recipes, section 5.7). This is shorter, as a shorter step crosses fewer corners of relu.
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
    """Derivatives along the directions; for the parameters see :func:`neighbours`."""
    ahead, behind = neighbours(function, population, directions)
    return (ahead - behind) / (2 * STEP)


def gradient_rows(population: Population, X, y, sample_weight=None, device="auto") -> np.ndarray:
    """The gradients of :func:`bpfast.gradients`, (n, P) as ``population.parameters`` are."""
    _, weights, biases = gradients(population, X, y, sample_weight, device)
    rows = np.empty_like(population.parameters)
    like = population.with_parameters(rows)
    for view, gradient in zip([*like.weights, *like.biases], [*weights, *biases], strict=True):
        view[...] = to_host(gradient)
    return rows
