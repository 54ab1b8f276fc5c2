"""Hyperparameter sweeps: search spaces, trials, folds, halving, run folders, workers."""

from .halving import Halving
from .space import Space
from .sweeping import SweepResult, sweep

__all__ = [
    "Halving",
    "Space",
    "SweepResult",
    "sweep",
]
