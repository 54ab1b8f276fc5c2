"""A table's columns as a network's inputs: what is done with each, found from training rows."""

from typing import TYPE_CHECKING

from ...on_demand import on_demand

if TYPE_CHECKING:
    from .encoding import Encoding
    from .fitting import encode_scaled, fit
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        encoding=("Encoding",),
        fitting=("encode_scaled", "fit"),
    )

__all__ = [
    "Encoding",
    "encode_scaled",
    "fit",
]
