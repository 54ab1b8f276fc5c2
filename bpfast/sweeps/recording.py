"""Writes a sweep to its folder from time to time, and recalls trials that are there already."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..kernels.task import DIVERGED
from .candidates import Candidates
from .run_folder import RunFolder, Totals
from .trials import Trial, rung_values

WRITE_SECONDS = 1.0  # between files of results: what a crash may cost
CHECKPOINT_SECONDS = 30.0  # between files of networks on their way


class Recorder:
    """Writes trials to the sweep's folder, and recalls those that an earlier process wrote.

    Parameters
    ----------
    folder : None where nothing is kept

    Attributes
    ----------
    pause_seconds : after which a long job is to pause for a checkpoint
    """

    def __init__(self, folder: RunFolder | None) -> None:
        self._folder = folder
        self.pause_seconds = CHECKPOINT_SECONDS if folder else np.inf
        self._unwritten: list[Trial] = []
        self._written = self._checkpointed = time.perf_counter()

    def restore(self, trial: Trial) -> None:
        """Have a new trial go on from its checkpoint, if there is one."""
        if self._folder and trial.number in self._folder.checkpoints:
            checkpoint = self._folder.checkpoints[trial.number]
            trial.state, trial.epoch, trial.earlier_rungs = checkpoint

    def recall(self, trial: Trial, epochs: int) -> bool:
        """Give a trial what came of it at its stop; False if no earlier process knows.

        Parameters
        ----------
        epochs : of the whole sweep
        """
        if self._folder is None:
            return False
        row = self._folder.rows.get(trial.number)
        if row is None:
            rungs, is_past = trial.earlier_rungs, _is_past(trial)
        else:
            _check_params(trial, row, self._folder.folder)
            rungs, is_past = rung_values(row), True
            trial.row, trial.losses = dict(row), np.array(self._folder.losses[trial.number])
        if trial.stop < epochs and trial.stop in rungs:
            if is_past:
                trial.rungs.append((float(trial.stop), rungs[trial.stop]))
            return is_past
        trial.ended = row is not None
        return trial.ended

    def add(self, trial: Trial) -> bool:
        """Have a trial that has ended written with the next ones; whether it is not there yet."""
        is_new = self._folder is None or trial.number not in self._folder.rows
        if self._folder and is_new:
            self._unwritten.append(trial)
        return is_new

    def write(self, candidates: Candidates, totals: Totals, only_if_due: bool) -> None:
        """Write trials that have ended, and networks of the best."""
        now = time.perf_counter()
        is_early = only_if_due and now - self._written < WRITE_SECONDS
        if self._folder is None or not self._unwritten or is_early:
            return
        self._written = now
        self._folder.keep(self._unwritten, candidates, totals)
        self._unwritten.clear()

    def checkpoint(self, trials: Sequence[Trial], totals: Totals, only_if_due: bool) -> None:
        """Write the states of trials under way."""
        now = time.perf_counter()
        is_early = only_if_due and now - self._checkpointed < CHECKPOINT_SECONDS
        if self._folder is None or is_early:
            return
        self._checkpointed = now
        self._folder.checkpoint([trial for trial in trials if trial.state], totals)

    def finish(self, totals: Totals) -> None:
        """Write what all took."""
        if self._folder is not None:
            self._folder.write_totals(totals)


def _is_past(trial: Trial) -> bool:
    """Whether a trial was trained beyond its stop, in some of its folds at least."""
    if trial.state is None:
        return False
    went_on = (trial.state["epochs_run"] > trial.stop) | (trial.state["status"] == DIVERGED)
    return bool(went_on.any())


def _check_params(trial: Trial, row: Mapping[str, Any], folder: Path) -> None:
    if any(row.get(name) != value for name, value in trial.params.items()):
        raise ValueError(
            f"{folder}: network {trial.number} was asked for other hyperparameters "
            "than now: samplers of another version, or one without a seed, cannot go on with it"
        )
