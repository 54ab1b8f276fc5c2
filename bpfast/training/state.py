"""A training's state: how far it is, and as arrays to be kept and taken up again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..kernels.task import RUNNING, STOPPED, State, Task

# Where momentum is 0 both give the same bits; the first keeps no moments.
SGD_RULES = ("sgd", "sgd_momentum")


def epoch_of(task: Task) -> int:
    """Epochs that all networks are through that have not ended; the last one if all have."""
    reached = task.state.epochs_run[task.state.status == RUNNING]
    return int(reached.min()) if reached.size else task.epochs


def epochs_done(task: Task) -> int:
    """Epochs of single networks that need no more work: those of networks that ended, too."""
    state = task.state
    return int(np.where(state.status == RUNNING, state.epochs_run, task.epochs).sum())


def sample_updates(task: Task) -> int:
    """Samples that networks were trained on, counted once for each network."""
    rows = task.fold_start[1:] - task.fold_start[:-1]
    if len(rows) == 1:
        return int(task.state.epochs_run.sum() * rows[0])
    return int(task.state.epochs_run @ rows[task.fold])


def restored(task: Task) -> np.ndarray:
    """(n,) bool: networks that end, or have ended, with the parameters of their best epochs.

    Networks without a best epoch, since none was scored or no loss was finite, keep the last.
    """
    state = task.state
    if not state.best_parameters.size:
        return np.zeros(len(state.status), bool)
    through = (state.status == RUNNING) & (state.epochs_run == task.epochs)
    return ((state.status == STOPPED) | through) & (state.best_epoch >= 0)


def to_arrays(state: State, networks: np.ndarray | None) -> dict[str, np.ndarray]:
    """Copies of the state of some networks, or of all: an array for each of its names."""
    indices = _indices(state, networks)
    return {
        name: array[indices] if len(array) else array.copy() for name, array in vars(state).items()
    }


def from_arrays(task: Task, tensors: Mapping[str, np.ndarray], networks: np.ndarray | None) -> None:
    """Let some networks of a task, or all, be as :func:`to_arrays` found them.

    An array of which this task's state has no rows may be missing. Other names, shapes or dtypes,
    and more epochs, raise ``ValueError``.
    """
    state = task.state
    tensors = {name: array for name, array in vars(state).items() if not len(array)} | {**tensors}
    if tensors.keys() != vars(state).keys():
        raise ValueError(
            f"a training's state has {sorted(vars(state))}, this one has {sorted(tensors)}"
        )
    indices = _indices(state, networks)
    given = {name: np.asarray(tensors[name]) for name in vars(state)}
    if task.optimizer.rule in SGD_RULES:
        given["moments"] = _moments_of_sgd(given["moments"], state.moments.shape[1])
    for name, array in vars(state).items():
        shape = (len(indices), *array.shape[1:]) if len(array) else array.shape
        if given[name].shape != shape or given[name].dtype != array.dtype:
            raise ValueError(
                f"{name} of the state is {given[name].dtype} {given[name].shape}, this training "
                f"has {array.dtype} {shape}: it was made with other arguments"
            )
    if given["epochs_run"].max(initial=0) > task.epochs:
        raise ValueError(
            f"the state is of epoch {given['epochs_run'].max()}, this training has {task.epochs}"
        )
    for name, array in vars(state).items():
        if len(array):
            array[indices] = given[name]


def _indices(state: State, networks: np.ndarray | None) -> np.ndarray:
    everyone = np.arange(len(state.status))
    return everyone if networks is None else everyone[networks]


def _moments_of_sgd(moments: np.ndarray, states: int) -> np.ndarray:
    """Moments for SGD's rule with so many states; other networks' momentum chose the rule."""
    if moments.ndim != 3 or moments.shape[1] + states != 1:
        return moments
    return np.zeros((len(moments), states, moments.shape[2]), moments.dtype)
