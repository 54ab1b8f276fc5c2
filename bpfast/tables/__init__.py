"""A person's table: read, encoded and split; models that remember how; predictions."""

from .ensemble import Ensemble
from .model import Model
from .reading import read_table
from .scaling import Scaler

__all__ = [
    "Ensemble",
    "Model",
    "Scaler",
    "read_table",
]
