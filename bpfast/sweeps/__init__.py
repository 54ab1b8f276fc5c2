"""Hyperparameter sweeps: search spaces, trials, folds, halving, run folders, workers."""

from typing import TYPE_CHECKING

from ..on_demand import on_demand

if TYPE_CHECKING:
    from .halving import Halving
    from .result import SweepResult
    from .space import Space
    from .sweeping import sweep
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        halving=("Halving",),
        result=("SweepResult",),
        space=("Space",),
        sweeping=("sweep",),
    )

__all__ = [
    "Halving",
    "Space",
    "SweepResult",
    "sweep",
]
