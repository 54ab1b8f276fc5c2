"""What devices that work in the host's memory offer alike: arrays are where they are needed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .schedules import unfolded
from .task import Optimizer, Task

SHUFFLES = False  # orders of epochs come with the task


@dataclass(frozen=True)
class Placed(Task):
    """A task, and what calls for its epochs need not make anew each time."""

    kept: dict[Hashable, Any] = field(default_factory=dict)


def place(parameters: np.ndarray) -> np.ndarray:
    """Networks' (n, P) parameters where kernels read them: as they are."""
    return parameters


def resident(task: Task, parameters: np.ndarray, fresh: bool) -> Placed:
    """A task whose arrays are where they are needed, to be trained in many calls."""
    return with_rates(Placed(**vars(task)), task.optimizer)


def with_rates(task: Placed, optimizer: Optimizer) -> Placed:
    """The same task with the learning rates of an optimiser that is otherwise its own."""
    return replace(task, optimizer=unfolded(optimizer, task.epochs))


def bring_back(task: Placed) -> None:
    """Nothing to bring: kernels write into the task's own arrays."""


def restore_best(task: Placed, networks: np.ndarray) -> None:
    """Let some networks, by their numbers, have the parameters of their best epochs."""
    chosen = np.zeros((len(task.state.status), 1), bool)
    chosen[networks] = True
    np.copyto(task.state.parameters, task.state.best_parameters, where=chosen)


def emptied(task: Placed) -> Placed:
    """The task without working memory."""
    return replace(task, kept={})
