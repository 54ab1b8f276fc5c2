"""Hyperparameter sweeps: search spaces, trials, folds, halving, run folders, workers."""

from .halving import Halving
from .result import SweepResult
from .space import Space
from .sweeping import sweep

__all__ = [
    "Halving",
    "Space",
    "SweepResult",
    "sweep",
]
