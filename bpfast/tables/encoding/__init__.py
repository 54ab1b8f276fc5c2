"""A table's columns as a network's inputs: what is done with each, found from training rows."""

from .encoding import Encoding
from .fitting import encode_scaled, fit

__all__ = [
    "Encoding",
    "encode_scaled",
    "fit",
]
