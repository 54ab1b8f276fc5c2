"""Derivatives by central differences, and the kernels' gradients in a form to hold beside them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .population import Population
from .training import gradients

# The cube root of float64's precision, where rounding and truncation are alike: both leave an
# error of about 4e-11 where values and their third derivatives are about 1 (Press et al.,
# Numerical Recipes, section 5.7).
STEP = float(np.cbrt(np.finfo(np.float64).eps))


def central_differences(
    function: Callable[[Population], np.ndarray],
    population: Population,
    directions: np.ndarray,
    step: float = STEP,
) -> np.ndarray:
    """Derivative of a function of each network's parameters along a direction.

    Parameters
    ----------
    function : given n networks, returns n numbers or rows
    population : n networks, in float64
    directions : (n, P), one for each network
    step : how far to go along them, both ways

    Returns
    -------
    (f(p + step · direction) - f(p - step · direction)) / (2 · step), shaped like the function's.
    """
    ahead, behind = (
        np.asarray(function(population.with_parameters(population.parameters + way * directions)))
        for way in (step, -step)
    )
    return (ahead - behind) / (2 * step)


def gradient_rows(population: Population, X, y, device: str = "auto") -> np.ndarray:
    """What :func:`bpfast.gradients` gives, (n, P), in the order of ``population.parameters``."""
    _, weights, biases = gradients(population, X, y, device=device)
    rows = np.empty_like(population.parameters)
    like = population.with_parameters(rows)
    for place, part in zip([*like.weights, *like.biases], [*weights, *biases], strict=True):
        place[...] = part
    return rows
