"""A trial of a sweep while it is under way, and the fit that it can share with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..tables.encoding.expansion import SCALED
from .hyperparameters import HYPERPARAMETERS, widths

State = dict[str, np.ndarray]  # a trial's tensors of Training.state_dict, a row for each fold
Row = dict[str, Any]  # of the sweep's table


class FitGroup(NamedTuple):
    """What networks must share to be trained by one fit."""

    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int
    init: str
    number_encoding: str

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> FitGroup:
        """The group of networks with these hyperparameters."""
        return cls(widths(params), *(params[name] for name in cls._fields[1:]))

    def __str__(self) -> str:
        shape = "x".join(map(str, self.hidden)) or "linear"
        inputs = "" if self.number_encoding == SCALED else f" of {self.number_encoding} inputs"
        return f"{shape} {self.activation} {self.optimizer}{inputs}"


@dataclass
class Trial:
    """A trial under way: one network, or one for each fold of a cross-validation.

    Attributes
    ----------
    number : of the trial in the study, and of its network in the table
    params : its hyperparameters
    stop : the epoch that it is trained to now, or was last
    epoch, state : how far its networks are, and what their training goes on from
    rungs : (epoch, minus validation loss) of the rungs that it came to
    row, losses : what came of it, up to its last stop or pause
    earlier_rungs : the same as ``rungs``, of an earlier process, by epoch
    ended : whether its row is its last
    """

    number: int
    params: dict[str, Any]
    stop: int = 0
    epoch: int = 0
    state: State | None = None
    rungs: list[tuple[float, float]] = field(default_factory=list)
    row: Row = field(default_factory=dict)
    losses: np.ndarray = field(default_factory=lambda: np.empty(0))
    earlier_rungs: dict[int, float] = field(default_factory=dict)
    ended: bool = False

    @cached_property
    def group(self) -> FitGroup:
        """What it must share with those that it is trained with."""
        return FitGroup.of(self.params)


def params_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters in a row of the table."""
    return {name: row[name] for name in HYPERPARAMETERS if name in row}


def rank(row: Mapping[str, Any]) -> tuple[float, int]:
    """What rows of the table are sorted by: the score, and of equal ones the trial's number."""
    return -row["validation_score"], row["network"]


def rung_values(row: Mapping[str, Any]) -> dict[int, float]:
    """Minus the validation loss at each rung that a row's trial came to, by epoch."""
    return {int(epoch): value for epoch, value in row.get("rungs", [])}
