"""A table's columns as a network's inputs: what is done with each, found from training rows."""

from .column import Column
from .encoding import Encoding
from .fitting import Fitted, encode_scaled, fit

__all__ = [
    "Column",
    "Encoding",
    "Fitted",
    "encode_scaled",
    "fit",
]
