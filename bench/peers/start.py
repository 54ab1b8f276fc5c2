"""What peers start from: their library, bpfast's initial weights, and Adam's constants."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from ...errors import missing_extra
from ..measure import UnavailableError
from ..workloads import Workload

BETA1, BETA2 = 0.9, 0.999  # Adam's, everywhere the same
# 1 - beta**t is -expm1(t * log(beta)): 1 - 0.999 in float32 would be wrong in its fifth digit
LOG1, LOG2 = math.log(BETA1), math.log(BETA2)


def needed(module: str, package: str) -> Any:
    """A peer's library.

    Raises
    ------
    UnavailableError
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UnavailableError(str(missing_extra(package, "bench"))) from None


def initial_arrays(workload: Workload) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Initial weights and biases, each layer's in an array of its own, and learning rates."""
    population = workload.population()
    weights, biases = (
        [np.ascontiguousarray(layer) for layer in layers]
        for layers in (population.weights, population.biases)
    )
    return weights, biases, workload.learning_rates.astype(np.float32)
