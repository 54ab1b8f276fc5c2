"""What happened in a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels.task import DIVERGED, STOPPED, Task
from .dispatch import Plan
from .state import restored, sample_updates


@dataclass(frozen=True)
class History:
    """What happened in a fit of n networks.

    Attributes
    ----------
    loss : (n, recorded) float64
        Training loss of the recorded epochs: the mean over an epoch's mini-batches, each taken
        before its update, without penalties. NaN where a network did not get that far; one that
        stopped early has its last loss in the next recorded column.
    validation_loss : (n, recorded) or None
    penalty : (n, recorded) or None, means of the penalties where ``objective`` is "sum"
    best_epoch, best_loss : (n,) or None without ``patience``
        The epoch, from 1, with the lowest validation loss (training loss without validation
        samples), and that loss; 0 and infinity where no epoch was scored.
    restored : (n,) bool or None, ended with the parameters of its best epoch
    epochs : (recorded,) numbers of the recorded epochs, from 1
    epochs_run : (n,) whole epochs that each network was trained for
    stopped : (n,) bool, met ``tol`` or ran out of ``patience``
    diverged : (n,) bool, frozen at its last finite parameters
    plan : Plan, what ran it and why
    seconds : float, the whole fit
    sample_updates : int, samples that networks were trained on, counted once for each network
    interrupted : bool, whether Ctrl-C ended it
    """

    loss: np.ndarray
    validation_loss: np.ndarray | None
    epochs: np.ndarray
    epochs_run: np.ndarray
    stopped: np.ndarray
    diverged: np.ndarray
    plan: Plan
    seconds: float
    sample_updates: int
    interrupted: bool = False
    penalty: np.ndarray | None = None
    best_epoch: np.ndarray | None = None
    best_loss: np.ndarray | None = None
    restored: np.ndarray | None = None

    def score(self) -> np.ndarray:
        """(n,) last recorded validation loss, or training loss without validation samples.

        That of the best epoch where a network has its parameters. Infinity for networks that
        diverged, have no loss yet, or whose last one is not finite: lower is better.
        """
        losses = self.loss if self.validation_loss is None else self.validation_loss
        own = latest(losses, self.loss)
        if self.restored is not None and self.best_loss is not None:
            own = np.where(self.restored, self.best_loss, own)
        return np.where(self.diverged | ~np.isfinite(own), np.inf, own)


def latest(losses: np.ndarray, reached: np.ndarray | None = None) -> np.ndarray:
    """The last column of each row that is not NaN, there or else in ``reached``.

    Training losses tell which columns were reached: a validation loss may be NaN where it was.
    """
    there = ~np.isnan(losses if reached is None else reached)
    last = losses.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return losses[np.arange(len(losses)), last]


def history_of(task: Task, plan: Plan, seconds: float, interrupted: bool) -> History:
    """What has happened in a training so far."""
    state, patient = task.state, task.state.best.size > 0
    return History(
        loss=state.loss,
        validation_loss=None if task.validation is None else state.validation_loss,
        epochs=np.flatnonzero(task.record) + 1,
        epochs_run=state.epochs_run,
        stopped=state.status == STOPPED,
        diverged=state.status == DIVERGED,
        plan=plan,
        seconds=seconds,
        sample_updates=sample_updates(task),
        interrupted=interrupted,
        penalty=state.penalty if task.summed else None,
        best_epoch=state.best_epoch + 1 if patient else None,
        best_loss=state.best if patient else None,
        restored=restored(task) if patient else None,
    )
