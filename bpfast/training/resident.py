"""A training's task on its device, where it stays from call to call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..kernels.task import Optimizer, State, Task
from . import dispatch
from .population import Population
from .state import restored


class ResidentTask:
    """A task of the host, and its copy on a device from :meth:`place` until :meth:`close`.

    On a GPU, the parameters and the optimiser's memory are there alone; :meth:`state` brings them.

    Attributes
    ----------
    task : on the host
    kernels : the device's
    placed : the task as kernels take it, or what :meth:`close` left of it; None before the first
    """

    def __init__(self, task: Task, population: Population, plan: dispatch.Plan) -> None:
        self.task, self.kernels = task, dispatch.kernels(plan.device)
        self.placed: Any = None
        self._population, self._device = population, plan.device
        self._is_open = False
        self._is_new = True  # the state on the host is as it began

    def place(self) -> Task:
        """The task as kernels take it, from now on until :meth:`close`."""
        if not self._is_open:
            self._bring_back()
            parameters = self._population.storage.lend(self._device)
            self.placed = self.kernels.resident(self.task, parameters, self._is_new)
            self._is_open, self._is_new = True, False
        return self.placed

    def close(self) -> None:
        """Give back the device's memory, all but the optimiser's."""
        if self._is_open:
            self.placed, self._is_open = self.kernels.emptied(self.placed), False
            self._population.storage.take_back(self._device)

    def state(self) -> State:
        """All of the state as it is now, on the host."""
        self._bring_back()
        return replace(self.task.state, parameters=self._population.parameters)

    def forget(self) -> None:
        """Once closed, take the state from the host, where somebody changed it."""
        self.placed, self._is_new = None, False

    def set_optimizer(self, optimizer: Optimizer) -> None:
        """Go on with other learning rates and schedules."""
        self.task = replace(self.task, optimizer=optimizer)
        if self._is_open:
            self.placed = self.kernels.with_rates(self.placed, optimizer)

    def restore_best(self, networks: np.ndarray) -> None:
        """Let those of some networks that have ended just now have their best parameters."""
        if self.task.state.best_parameters.size:
            ended = networks[restored(self.task)[networks]]
            if ended.size:
                self.kernels.restore_best(self.place(), ended)

    def _bring_back(self) -> None:
        """Let the state on the host, but for the parameters, be that on the device."""
        if self.placed is not None:
            self.kernels.bring_back(self.placed)
