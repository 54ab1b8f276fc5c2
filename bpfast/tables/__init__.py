"""A person's table: read, encoded and split; models that remember how; predictions."""

from .model import Model
from .scaling import Scaler

__all__ = [
    "Model",
    "Scaler",
]
