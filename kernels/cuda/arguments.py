"""A task as kernels take it: arrays on the GPU and numbers, always of the same types."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from .. import arguments as shared
from ..arguments import Dropout, Memory, Stopping, output_share
from ..specialise import Specialiser
from ..task import Network, Optimizer, Samples, distinct
from . import device
from .compile import device_function, kernel, launch
from .resident import OnGpu

own_row = Specialiser("float64", device_function)(shared.own_row)
SUM_THREADS = 2 if device.simulated() else 128


class Net(NamedTuple):
    """What kernels are told of an architecture, whatever its layers are."""

    bias: int
    loss_parameter: float
    output_share: float  # 1 / outputs for losses that average over outputs, else 1


class Data(NamedTuple):
    """Samples and their total weight, (1,); without any, arrays have no rows.

    A sample's targets are the next ``target_width`` numbers in all ``targets``.
    """

    inputs: Any
    targets: Any
    target_width: int
    weights: Any
    total: Any


class Epochs(NamedTuple):
    """Which rows are trained on when, and which losses are kept.

    A call trains for ``epochs`` of the fit's ``total``, from its epoch ``first`` on. Losses of each
    epoch whose number is a multiple of ``every`` are kept, and those of the last one. ``totals``
    are the weights of batches, (epochs or 1, batches of all folds); ``first_batch`` is where a
    fold's begin.
    """

    order: Any
    fold_start: Any
    fold: Any
    batch_size: int
    summed: int
    first: int
    epochs: int
    every: int
    total: int
    first_batch: Any
    totals: Any


class Optimizing(NamedTuple):
    """Each network's own numbers for the optimiser."""

    rates: Any
    hyperparameters: Any
    penalties: Any


class Arguments(NamedTuple):
    """What kernels are given: names are those of :class:`task.Task`, all arrays contiguous.

    Where all networks have the same, an array has one row for all: see :func:`own_row`.
    """

    net: Net
    samples: Data
    validation: Data
    epochs: Epochs | None
    optimizing: Optimizing
    stopping: Stopping
    dropout: Dropout
    memory: Memory
    networks: Any


def arguments(task: OnGpu, networks: Any) -> Arguments:
    """Arguments for training some networks; all that stays the same is the first call's."""
    if "arguments" not in task.kept:
        task.kept["arguments"] = lasting(task)
    first = task.kept["arguments"]
    return first._replace(
        epochs=_epochs(task),
        optimizing=first.optimizing._replace(rates=_rows(task.optimizer.rates)),
        networks=handed(networks),
    )


def lasting(task: OnGpu) -> Arguments:
    """What is the same in every call."""
    state = task.state
    moments = state.moments.reshape(len(state.moments), -1)
    return Arguments(
        net=net(task.network),
        samples=data(task.samples),
        validation=data(task.validation or nothing(state.parameters.dtype)),
        epochs=None,
        optimizing=_optimizing(task.optimizer),
        stopping=shared.stopping(task, _rows, written=handed),
        dropout=Dropout(_rows(task.dropout), _rows(task.keys)),
        memory=Memory(
            handed(state.parameters),
            handed(moments),
            handed(state.powers),
            handed(state.best_parameters),
        ),
        networks=None,
    )


def no_dropout() -> Dropout:
    """Nothing drops."""
    xp = device.array_module()
    return Dropout(handed(xp.zeros((1, 0))), handed(xp.zeros(1, np.uint64)))


def net(network: Network) -> Net:
    """What kernels are told of an architecture."""
    return Net(
        bias=int(network.bias),
        loss_parameter=network.loss_parameter,
        output_share=output_share(network),
    )


def data(samples: Samples) -> Data:
    """Samples, and the sum of their weights."""
    total = samples.weights.sum(dtype=np.float64).reshape(1)
    return Data(
        inputs=handed(samples.inputs),
        targets=handed(samples.targets.reshape(-1)),
        target_width=samples.targets.shape[1],
        weights=handed(samples.weights),
        total=handed(total),
    )


def nothing(dtype: Any) -> Samples:
    """No samples."""
    return shared.no_samples(dtype, device.array_module())


def _epochs(task: OnGpu) -> Epochs:
    """The epochs of a call; where all have one order, it is summed up in the first call."""
    kept, one_order = task.kept, task.shuffle is not None and len(task.order) == 1
    if "epochs" not in kept or not one_order:
        kept["epochs"] = _summed_up(task)
    return kept["epochs"]._replace(first=task.first_epoch, epochs=task.epochs)


def _summed_up(task: OnGpu) -> Epochs:
    """With the weights of all batches."""
    kept, rows = task.kept, len(task.order)
    first_batch = np.cumsum([0, *(-(-np.diff(task.bounds) // task.batch_size))])
    if "first batch" not in kept:
        kept["first batch"] = whole_numbers(first_batch)
    result = Epochs(
        order=handed(task.order),
        fold_start=handed(task.fold_start),
        fold=_rows(task.fold),
        batch_size=task.batch_size,
        summed=int(task.summed),
        first=0,
        epochs=0,
        every=task.every,
        total=task.total,
        first_batch=kept["first batch"],
        totals=handed(device.array_module().zeros((rows, int(first_batch[-1])))),
    )
    launch(
        _sum_kernel(),
        min(rows, task.epochs),
        SUM_THREADS,
        0,
        result,
        handed(task.samples.weights),
    )
    return result


@device_function
def is_recorded(epochs, e):
    """Whether the losses of the e-th epoch of a call are kept."""
    number = epochs.first + e + 1
    return np.uint32(number) % np.uint32(epochs.every) == 0 or number == epochs.total


@device_function
def column_of(epochs, e):
    """The column of the next epoch, from the e-th of a call on, whose losses are kept."""
    return np.int64(np.uint32(epochs.first + e) // np.uint32(epochs.every))


@cache
def _sum_kernel() -> Any:
    """A kernel that adds the weights of every batch: a block an epoch, a thread a batch."""

    def sum_batches(epochs, weights):
        e = cuda.blockIdx.x
        for fold in range(epochs.fold_start.shape[0] - 1):
            first, stop = epochs.fold_start[fold], epochs.fold_start[fold + 1]
            first_batch = epochs.first_batch[fold]
            batches = epochs.first_batch[fold + 1] - first_batch
            for b in range(cuda.threadIdx.x, batches, SUM_THREADS):
                start = first + b * epochs.batch_size
                total = 0.0
                for r in range(start, min(start + epochs.batch_size, stop)):
                    total += np.float64(weights[np.uint64(epochs.order[e, np.uint64(r)])])
                epochs.totals[e, np.uint64(first_batch + b)] = total

    return kernel(sum_batches, SUM_THREADS, 1)


def _optimizing(optimizer: Optimizer) -> Optimizing:
    return Optimizing(
        rates=_rows(optimizer.rates),
        hyperparameters=handed(shared.hyperparameters(optimizer, device.array_module())),
        penalties=_rows(optimizer.penalties),
    )


def _rows(array: Any) -> Any:
    """An array with a row for each network, or its first where all are the same by design."""
    return handed(distinct(array))


def whole_numbers(numbers: Any) -> Any:
    """A few int32 for kernels to read."""
    return handed(device.to_device(np.array(numbers, np.int32)))


def handed(array: Any) -> Any:
    """An array as a part of what a kernel is handed; the simulator takes such parts as they are."""
    array = device.array_module().ascontiguousarray(array)
    return array.memory if device.simulated() else device.kernel_array(array)
