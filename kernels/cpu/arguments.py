"""A task as compiled functions take it: arrays, numbers and addresses, of the same types."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .. import arguments as shared
from ..arguments import Dropout, Memory, Stopping, hyperparameters, no_samples, output_share
from ..tables import OPTIMIZERS
from ..task import (
    ARCHITECTURES,
    DTYPE_NAMES,
    Network,
    Optimizer,
    Samples,
    Task,
    distinct,
    layer_slices,
)
from . import functions
from .structs import Struct


class Net(NamedTuple):
    """The architecture; ``multiply``, ``activations`` and ``loss`` are addresses of functions."""

    layers: np.ndarray
    bias: int
    starts: np.ndarray  # where layers begin in a row of parameters, and its length
    multiply: int
    activations: np.ndarray
    loss: int
    loss_parameter: float
    output_share: float  # 1 / outputs for losses that average over outputs, else 1


class Data(NamedTuple):
    """Samples; without any, arrays have no rows."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Epochs(NamedTuple):
    """Which rows are trained on when, and which losses are kept."""

    order: np.ndarray
    fold_start: np.ndarray
    fold: np.ndarray
    batch_size: int
    summed: int
    first: int
    epochs: int
    record: np.ndarray
    column: np.ndarray


class Optimizing(NamedTuple):
    """The optimiser; ``update`` and ``prepare`` are addresses of functions."""

    update: int
    prepare: int
    states: int
    stepwise: int  # whether coefficients change from step to step
    rates: np.ndarray
    hyperparameters: np.ndarray
    penalties: np.ndarray


class Arguments(NamedTuple):
    """What kernels are given: names are those of :class:`task.Task`, all arrays contiguous.

    Where all networks have the same, an array may have one row for all: see :func:`own_row`.

    It comes in parts because a compiler's work grows with what each function is handed.
    """

    net: Net
    samples: Data
    validation: Data
    epochs: Epochs
    optimizing: Optimizing
    stopping: Stopping
    dropout: Dropout
    memory: Memory
    networks: np.ndarray


DATA = Struct(Data, inputs="real[:,:]", targets="real[:,:]", weights="real[:]")
NET = Struct(
    Net,
    remembered=ARCHITECTURES,
    layers="int64[:]",
    bias="int64",
    starts="int64[:]",
    multiply="int64",
    activations="int64[:]",
    loss="int64",
    loss_parameter="float64",
    output_share="float64",
)
EPOCHS = Struct(
    Epochs,
    order="int64[:,:]",
    fold_start="int64[:]",
    fold="int64[:]",
    batch_size="int64",
    summed="int64",
    first="int64",
    epochs="int64",
    record="bool[:]",
    column="int64[:]",
)
OPTIMIZING = Struct(
    Optimizing,
    update="int64",
    prepare="int64",
    states="int64",
    stepwise="int64",
    rates="float64[:,:]",
    hyperparameters="float64[:,:]",
    penalties="float64[:,:]",
)
STOPPING = Struct(
    Stopping,
    tol="float64[:]",
    patience="int64[:]",
    status="int8[:]",
    epochs_run="int64[:]",
    best="float64[:]",
    best_epoch="int64[:]",
    losses="float64[:,:]",
    validation_losses="float64[:,:]",
    penalties="float64[:,:]",
)
DROPOUT = Struct(Dropout, p="float64[:,:]", keys="uint64[:]")
MEMORY = Struct(
    Memory,
    parameters="real[:,:]",
    moments="real[:,:,:]",
    powers="float64[:,:]",
    best_parameters="real[:,:]",
)
ARGUMENTS = Struct(
    Arguments,
    net=NET,
    samples=DATA,
    validation=DATA,
    epochs=EPOCHS,
    optimizing=OPTIMIZING,
    stopping=STOPPING,
    dropout=DROPOUT,
    memory=MEMORY,
    networks="int64[:]",
)


def of_block(first: Arguments, task: Task, networks: np.ndarray) -> Arguments:
    """Arguments for other epochs and networks of the task that the first ones were for."""
    return first._replace(
        epochs=_epochs(task),
        optimizing=first.optimizing._replace(rates=_rows(task.optimizer.rates)),
        networks=contiguous(networks),
    )


def arguments(task: Task, networks: np.ndarray) -> Arguments:
    """Arguments for training some networks of a task."""
    state, dtype = task.state, DTYPE_NAMES[task.state.parameters.dtype]
    return Arguments(
        net=net_of(task.network, dtype),
        samples=_data(task.samples),
        validation=_data(task.validation or no_samples(dtype)),
        epochs=_epochs(task),
        optimizing=_optimizing(task.optimizer, dtype),
        stopping=shared.stopping(task, _rows, written=lambda array: array),
        dropout=Dropout(_rows(task.dropout), _rows(task.keys)),
        memory=Memory(state.parameters, state.moments, state.powers, state.best_parameters),
        networks=contiguous(networks),
    )


def _epochs(task: Task) -> Epochs:
    return Epochs(
        order=contiguous(task.order),
        fold_start=contiguous(task.fold_start),
        fold=_rows(task.fold),
        batch_size=task.batch_size,
        summed=int(task.summed),
        first=task.first_epoch,
        epochs=task.epochs,
        record=contiguous(task.record),
        column=contiguous(task.column),
    )


def net_of(network: Network, dtype: str) -> Net:
    """An architecture, and the functions of its networks of a dtype."""
    activations = tuple(functions.activation(name, dtype) for name in network.activations)
    return _net(
        network,
        output_share(network),
        functions.multiply(dtype),
        activations,
        functions.loss(network.loss, dtype),
    )


@lru_cache(maxsize=ARCHITECTURES)
def _net(
    network: Network, share: float, multiply: int, activations: tuple[int, ...], loss: int
) -> Net:
    """An architecture; all that tables say of its functions is given, since that may change."""
    parts = layer_slices(network.layers, network.bias)
    return Net(
        layers=np.array(network.layers),
        bias=int(network.bias),
        starts=np.array([part.start for part in parts] + [parts[-1].stop]),
        multiply=multiply,
        activations=np.array(activations, np.int64),
        loss=loss,
        loss_parameter=network.loss_parameter,
        output_share=share,
    )


def _data(samples: Samples) -> Data:
    arrays = (samples.inputs, samples.targets, samples.weights)
    return Data(*(contiguous(array) for array in arrays))


def _optimizing(optimizer: Optimizer, dtype: str) -> Optimizing:
    rule = OPTIMIZERS[optimizer.rule]
    update, prepare = functions.optimizer(optimizer.rule, dtype)
    return Optimizing(
        update=update,
        prepare=prepare,
        states=rule.states,
        stepwise=int(rule.powers),
        rates=_rows(optimizer.rates),
        hyperparameters=contiguous(hyperparameters(optimizer)),
        penalties=_rows(optimizer.penalties),
    )


def _rows(array: np.ndarray) -> np.ndarray:
    """An array with a row for each network, or its first where all are the same by design."""
    return contiguous(distinct(array))


def contiguous(array: np.ndarray) -> np.ndarray:
    """An array whose numbers lie side by side, as compiled functions take it."""
    return np.asarray(array, order="C")
