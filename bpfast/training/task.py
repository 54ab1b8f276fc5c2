"""What kernels are given to train, made of a fit's checked options."""

from __future__ import annotations

import numpy as np

from ..kernels import task
from ..kernels.tables import OPTIMIZERS, Rule
from ..kernels.task import NEVER, RUNNING, State, Task, distinct
from ..memory import check_memory
from .options import Batches, Data, Dropout, EarlyStopping
from .population import Population


def new_task(
    population: Population,
    device: str,
    optimizer: task.Optimizer,
    data: Data,
    batches: Batches,
    *,
    stopping: EarlyStopping,
    dropout: Dropout,
    recorded: np.ndarray,
) -> Task:
    """All epochs of a fit, none of which is trained yet; ``recorded`` says whose losses are kept.

    ``MemoryError`` is raised where its state would not fit into the memory that is free.
    """
    if device != "cuda":
        data = data.on_host()
    return Task(
        network=population.mlp.network,
        samples=data.samples,
        validation=data.validation,
        order=batches.orders.rows(),
        fold_start=np.cumsum([0, *map(len, data.folds)]),
        fold=data.fold,
        batch_size=batches.size,
        summed=batches.summed,
        first_epoch=0,
        epochs=len(recorded),
        record=recorded,
        column=np.cumsum(recorded) - recorded,
        optimizer=optimizer,
        tol=stopping.tol,
        patience=stopping.patience,
        dropout=dropout.probabilities,
        keys=dropout.keys,
        state=_new_state(
            population,
            device,
            OPTIMIZERS[optimizer.rule],
            recorded=int(recorded.sum()),
            scored=data.validation is not None,
            summed=batches.summed,
            stopping=stopping,
        ),
        shuffle=batches.orders.shuffle,
    )


def _new_state(
    population: Population,
    device: str,
    rule: Rule,
    *,
    recorded: int,
    scored: bool,
    summed: bool,
    stopping: EarlyStopping,
) -> State:
    """The state of networks before training.

    It shares the population's parameters. Those of a GPU are not the host's: in their place is an
    array of NaN that cannot be written.
    """
    n, size, dtype = len(population), population.mlp.n_parameters, population.dtype
    if device == "cuda":
        parameters = np.broadcast_to(np.full(1, np.nan, dtype), (n, size))
    else:
        parameters = population.parameters
    patient = n if (distinct(stopping.patience) < NEVER).any() else 0
    kept = patient if stopping.restore_best_weights else 0
    check_memory(f"the optimiser's memory of {n} networks", n * rule.states * size, dtype)
    check_memory(f"the best parameters of {n} networks", kept * size, dtype)
    check_memory(f"the losses of {n} networks", n * recorded * (1 + scored + summed), "float64")
    return State(
        parameters=parameters,
        moments=np.zeros((n, rule.states, size), dtype),
        powers=np.ones((n, 2 if rule.powers else 0)),
        status=np.full(n, RUNNING, np.int8),
        epochs_run=np.zeros(n, np.int64),
        best=np.full(patient, np.inf),
        best_epoch=np.full(patient, -1),
        best_parameters=np.zeros((kept, size), dtype),
        loss=np.full((n, recorded), np.nan),
        validation_loss=np.full((n, recorded if scored else 0), np.nan),
        penalty=np.full((n, recorded if summed else 0), np.nan),
    )
