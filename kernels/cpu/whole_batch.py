"""A task for gradients, which need no optimiser."""

from __future__ import annotations

import numpy as np

from ..task import Network, Optimizer, Samples, State, Task


def whole_batch(network: Network, parameters: np.ndarray, samples: Samples) -> Task:
    """A task whose one batch holds all samples."""
    n, rows = len(parameters), len(samples.inputs)
    state = State(
        parameters=parameters,
        moments=np.zeros((n, 0, 1), parameters.dtype),
        powers=np.zeros((n, 0)),
        status=np.zeros(n, np.int8),
        epochs_run=np.zeros(n, np.int64),
        best=np.zeros(0),
        best_epoch=np.zeros(0, np.int64),
        best_parameters=np.zeros((0, network.n_parameters), parameters.dtype),
        loss=np.zeros((n, 1)),
        validation_loss=np.zeros((n, 0)),
        penalty=np.zeros((n, 0)),
    )
    return Task(
        network=network,
        samples=samples,
        validation=None,
        order=np.arange(rows)[None],
        fold_start=np.array([0, rows]),
        fold=np.zeros(n, np.int64),
        batch_size=rows,
        summed=False,
        first_epoch=0,
        epochs=1,
        record=np.ones(1, bool),
        column=np.zeros(1, np.int64),
        optimizer=Optimizer("sgd", np.zeros((n, 1)), np.zeros((n, 3)), np.zeros((n, 0))),
        tol=np.zeros(n),
        patience=np.ones(n, np.int64),
        dropout=np.zeros((n, 0)),
        keys=np.zeros(n, np.uint64),
        state=state,
    )
