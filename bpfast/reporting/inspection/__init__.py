"""What a model makes of a table's columns: importance, and predictions by their values."""

from .found import Inspection
from .inspecting import inspect

__all__ = ["Inspection", "inspect"]
