"""Backpropagation step by step, in the terminal, as JSON and as a page."""

from .one_step import explain
from .steps import repeat
from .sweep import sweep_learning_rate

__all__ = ["explain", "repeat", "sweep_learning_rate"]
