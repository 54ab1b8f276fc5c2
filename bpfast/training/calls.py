"""How a training is cut into calls of a kernel: each trains some networks for some epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..kernels.task import RUNNING, Task
from .dispatch import Plan

CALL_SECONDS = 0.25  # how long a call should take: Ctrl-C and progress wait for it


class Pace:
    """How fast a kernel is, as its calls so far have shown, and so how much fits into one.

    Parameters
    ----------
    rate : operations a second before the first call
    grain : a call takes a multiple of so many networks, but for the last networks
    """

    def __init__(self, rate: float, grain: int) -> None:
        self.rate, self.grain = rate, grain

    def learn(self, task: Task, networks: np.ndarray, seconds: float) -> None:
        """See how long a call took that trained some networks for a task's epochs."""
        self.rate = _operations(task, networks) * task.epochs / max(seconds, 1e-6)

    def cut(self, task: Task, networks: np.ndarray, limit: int) -> tuple[int, list[np.ndarray]]:
        """For how many epochs to train some networks, up to a limit, and those of each call."""
        operations, affordable = _operations(task, networks), self.rate * CALL_SECONDS
        epochs = min(limit, max(1, int(affordable / operations)))
        calls = max(1, round(operations * epochs / affordable))
        size = -(-networks.size // (calls * self.grain)) * self.grain
        return epochs, [networks[start : start + size] for start in range(0, networks.size, size)]


def _operations(task: Task, networks: np.ndarray) -> float:
    """About how many operations an epoch of these networks takes."""
    rows = task.fold_start[1:] - task.fold_start[:-1]
    samples = rows[0] * networks.size if len(rows) == 1 else rows[task.fold[networks]].sum()
    return 6.0 * task.network.n_parameters * samples + networks.size


def furthest_behind(task: Task, first: int, last: int) -> tuple[np.ndarray, int]:
    """The running networks that are not beyond an epoch, and the epoch up to which to train them.

    That is the last one, or the least that others have reached: Ctrl-C may have come between the
    calls for parts of a population. Networks of one fold are beside each other.
    """
    running = np.flatnonzero(task.state.status == RUNNING)
    reached = task.state.epochs_run[running]
    if reached.max(initial=0) > first:
        ahead = reached > first
        running, last = running[~ahead], int(reached[ahead].min(initial=last))
    if len(task.fold_start) > 2:
        running = running[np.argsort(task.fold[running], kind="stable")]
    return running, last


def some_epochs(task: Task, order: np.ndarray, first: int, epochs: int) -> Task:
    """Some epochs of a task, with the order of their rows."""
    part, optimizer = slice(first, first + epochs), task.optimizer
    if optimizer.rates.shape[1] > 1:
        optimizer = replace(optimizer, rates=optimizer.rates[:, part])
    return replace(
        task,
        order=order,
        first_epoch=first,
        epochs=epochs,
        record=task.record[part],
        column=task.column[part],
        optimizer=optimizer,
    )


def check_trained(task: Task, networks: np.ndarray, plan: Plan) -> None:
    """Raise if a kernel left a network where it was: whoever waits for it would wait for ever."""
    state, epoch = task.state, task.first_epoch + task.epochs
    behind = (state.status[networks] == RUNNING) & (state.epochs_run[networks] < epoch)
    if behind.any():
        network = networks[behind][0]
        raise RuntimeError(
            f"network {network} is at epoch {state.epochs_run[network]} after it was trained to "
            f"epoch {epoch} by {plan.strategy} on {plan.device}, and has not ended: "
            "this is a fault of bpfast's, please report it with the fit's arguments"
        )
