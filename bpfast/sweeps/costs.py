"""What a network costs: a count of operations, which is the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .halving import Halving
from .shards import Job, Shard
from .space import Space
from .trainer import Trainer
from .trials import FitGroup

RATE = 1e11  # operations a second of two cores, where nothing was measured
PATIENT = 2.5  # a network of a patience stops after about so many times as many epochs


def typical_operations(trainer: Trainer, space: Space, halving: Halving | None) -> float:
    """About how many operations a trial of a space takes, all folds together.

    Parameters
    ----------
    halving : by which most trials end early; None for none
    """
    operations = float(np.mean([_operations(trainer, point) for point in space.typical()]))
    return operations if halving is None else operations * halving.mean_epochs() / halving.epochs


def _operations(trainer: Trainer, point: Mapping[str, Any]) -> float:
    epochs = min(trainer.epochs, PATIENT * point.get("patience", trainer.epochs))
    return trainer.operations(Job(Shard(FitGroup.of(point), [0], [dict(point)]), epochs))
