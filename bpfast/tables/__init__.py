"""A person's table: read, encoded and split; models that remember how; predictions."""

from typing import TYPE_CHECKING

from ..on_demand import on_demand

if TYPE_CHECKING:
    from .ensemble import Ensemble
    from .model import Model
    from .reading import read_table
    from .scaling import Scaler
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        ensemble=("Ensemble",),
        model=("Model",),
        reading=("read_table",),
        scaling=("Scaler",),
    )

__all__ = [
    "Ensemble",
    "Model",
    "Scaler",
    "read_table",
]
