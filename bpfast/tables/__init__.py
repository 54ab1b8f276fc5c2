"""A person's table: read, encoded and split; models that remember how; predictions."""

from .data import Scaler
from .model import Model

__all__ = [
    "Model",
    "Scaler",
]
