"""Filling the cache of the CPU's compiled kernels on purpose, so that no first fit has to wait."""

from __future__ import annotations

import numpy as np

from . import dispatch
from .backpropagation import gradients
from .loop import fit
from .network import MLP
from .optimizers import SGD
from .population import Population

# Architectures and samples that lead to different strategies.
CASES = (((2, 3, 2), 2), ((2, 600, 2), 2), ((2, 600, 2), 300))


def warmup(dtypes: tuple[str, ...] = ("float32", "float64")) -> None:
    """Compile every kernel for the CPU, or find it in the cache.

    After it, no shape, activation, loss or optimiser compiles anything, in this process and, on
    this machine, in later ones. CUDA's kernels are made for an architecture when it is first
    trained, and found in the same cache from then on.

    Parameters
    ----------
    dtypes : which of float32 and float64
    """
    for dtype in dtypes:
        for layers, samples in CASES:
            X = np.zeros((samples, 2))
            population = Population(MLP(layers), dtype=dtype)
            history = fit(
                population, X, X, SGD(), epochs=1, batch_size=samples, device="cpu", progress=False
            )
            gradients(population, X, X, device="cpu")
            population.predict(X, device="cpu")
            dispatch.kernels(history.plan.device).warm_up(dtype)
