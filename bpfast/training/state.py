"""A training's state: as it begins, as arrays to be kept, and brought back from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..kernels.tables import OPTIMIZERS
from ..kernels.task import NEVER, RUNNING, State, Task, distinct
from .population import Population
from .samples import check_memory

# Where momentum is 0 both give the same bits; the first keeps no moments.
SGD_RULES = ("sgd", "sgd_momentum")


def new_state(
    population: Population,
    device: str,
    rule: str,
    recorded: int,
    scored: bool,
    summed: bool,
    patience: np.ndarray,
    restores: bool,
) -> State:
    """The state of a population that is not trained yet.

    It shares the population's parameters, but on a GPU, whose parameters are none of the host's:
    there they are numbers that cannot be written.

    Parameters
    ----------
    device : "cpu", "cuda" or "reference"
    rule : the optimiser's
    recorded : epochs whose losses are kept
    scored : whether there are validation samples
    summed : whether losses are summed, and penalties kept
    patience : (n,)
    restores : whether networks with patience end with the parameters of their best epochs

    Raises
    ------
    MemoryError
        It would not fit into the memory that is free.
    """
    n, size, dtype = len(population), population.mlp.n_parameters, population.dtype
    elsewhere = np.broadcast_to(np.full(1, np.nan, dtype), (n, size))
    states, powers = OPTIMIZERS[rule].states, 2 if OPTIMIZERS[rule].powers else 0
    patient = n if (distinct(patience) < NEVER).any() else 0
    check_memory(f"the optimiser's memory of {n} networks", n * states * size, dtype.name)
    kept = patient if restores else 0
    check_memory(f"the best parameters of {n} networks", kept * size, dtype.name)
    check_memory(f"the losses of {n} networks", n * recorded * (1 + scored + summed), "float64")
    return State(
        parameters=elsewhere if device == "cuda" else population.parameters,
        moments=np.zeros((n, states, size), dtype),
        powers=np.ones((n, powers)),
        status=np.full(n, RUNNING, np.int8),
        epochs_run=np.zeros(n, np.int64),
        best=np.full(patient, np.inf),
        best_epoch=np.full(patient, -1),
        best_parameters=np.zeros((kept, size), dtype),
        loss=np.full((n, recorded), np.nan),
        validation_loss=np.full((n, recorded if scored else 0), np.nan),
        penalty=np.full((n, recorded if summed else 0), np.nan),
    )


def to_arrays(state: State, networks: np.ndarray | None) -> dict[str, np.ndarray]:
    """Copies of the state of some networks, or of all: an array for each of its names."""
    places = _places(state, networks)
    return {
        name: array[places] if len(array) else array.copy() for name, array in vars(state).items()
    }


def from_arrays(task: Task, tensors: Mapping[str, np.ndarray], networks: np.ndarray | None) -> None:
    """Let some networks of a task, or all, be as :func:`to_arrays` found them.

    An array of which this task's state has no rows may be missing.

    Raises
    ------
    ValueError
        Other names, shapes or dtypes than this task's state has; more epochs than it has.
    """
    state = task.state
    tensors = {name: array for name, array in vars(state).items() if not len(array)} | {**tensors}
    if tensors.keys() != vars(state).keys():
        raise ValueError(
            f"a training's state has {sorted(vars(state))}, this one has {sorted(tensors)}"
        )
    places = _places(state, networks)
    given = {name: np.asarray(tensors[name]) for name in vars(state)}
    if task.optimizer.rule in SGD_RULES:
        given["moments"] = _moments_of_sgd(given["moments"], state.moments.shape[1])
    for name, array in vars(state).items():
        shape = (len(places), *array.shape[1:]) if len(array) else array.shape
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
            array[places] = given[name]


def _places(state: State, networks: np.ndarray | None) -> np.ndarray:
    everyone = np.arange(len(state.status))
    return everyone if networks is None else everyone[networks]


def _moments_of_sgd(moments: np.ndarray, states: int) -> np.ndarray:
    """Moments for SGD's rule with so many states; other networks' momentum chose the rule."""
    if moments.ndim != 3 or moments.shape[1] + states != 1:
        return moments
    return np.zeros((len(moments), states, moments.shape[2]), moments.dtype)
