"""A sweep's answers read from their files, single networks and ensembles alike."""

from __future__ import annotations

from pathlib import Path

from ..files import read_metadata
from .ensemble import Ensemble
from .model import ENSEMBLE_FORMAT, Model


def load(path: Path) -> Model | Ensemble:
    """What ``bpfast sweep`` wrote: its best network or its ensemble.

    Raises
    ------
    ValueError, OSError
        The file is neither; it cannot be read.
    """
    if read_metadata(path).get("format") == ENSEMBLE_FORMAT:
        return Ensemble.load(path)
    return Model.load(path)
