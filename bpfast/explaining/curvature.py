"""How strongly an explained network's error curves."""

from __future__ import annotations

import numpy as np

from ..checking.differences import STEP, central_differences, gradient_rows
from ..training.population import Population
from .explanation import Explanation


def max_curvature(explanation: Explanation, network: Population) -> float:
    """λmax: the greatest eigenvalue of the Hessian of the error by all weights and biases.

    Row i of the Hessian is the central difference of the gradient as parameter i moves, from
    :func:`bpfast.gradients` of as many networks as there are parameters. The result is 0 where the
    rounding of gradients alone could give such an eigenvalue.

    Parameters
    ----------
    explanation : the sample and the device
    network : a population of one, in float64
    """
    n, (x, y), device = network.mlp.n_parameters, explanation.sample(), explanation.device
    hessian = central_differences(
        lambda moved: gradient_rows(moved, x, y, device=device),
        network[np.zeros(n, int)],
        np.eye(n),
    )
    greatest = float(np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])
    here = np.abs(gradient_rows(network, x, y, device=device)).max()
    slope = max(here, *map(abs, explanation.gradients.values()))
    return greatest if abs(greatest) > n * slope * np.finfo(np.float64).eps / STEP else 0.0
