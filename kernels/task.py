"""What a device is asked to train: arrays and names, the same for every device."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

# What NumPy makes anew each time that it is asked for a dtype's name.
DTYPE_NAMES = {np.dtype(name): name for name in ("float32", "float64")}
RUNNING, STOPPED, DIVERGED = 0, 1, 2
ARCHITECTURES = 256  # of which what follows from them is remembered
NEVER = np.iinfo(np.int64).max  # patience without end


@lru_cache(maxsize=ARCHITECTURES)
def layer_slices(layers: tuple[int, ...], bias: bool) -> tuple[slice, ...]:
    """Where each layer lies in a network's row of parameters.

    A layer is a row-major matrix of (d_in, d_out) weights followed, with ``bias``, by one more
    row of d_out biases: the weights of an input that is always 1.
    """
    slices, start = [], 0
    for d_in, d_out in pairwise(layers):
        stop = start + (d_in + bias) * d_out
        slices.append(slice(start, stop))
        start = stop
    return tuple(slices)


def repeated(row: Any, n: int) -> np.ndarray:
    """``numpy.broadcast_to`` of a NumPy number, or of a row of them, to n rows, in less time."""
    row = np.asarray(row)
    array: np.ndarray = np.ndarray((n, *row.shape), row.dtype, row, 0, (0, *row.strides))
    array.setflags(write=False)
    return array


def distinct(array: np.ndarray) -> np.ndarray:
    """Rows that may differ: all, or the first where NumPy repeats one (``strides[0] == 0``)."""
    return array if array.strides[0] else array[:1]


@dataclass(frozen=True)
class Network:
    """One architecture.

    Attributes
    ----------
    layers : inputs, hidden widths, outputs
    bias : whether layers have biases
    activations : name for each hidden layer
    loss, loss_parameter : the loss's name; huber's delta, quantile's level or a log loss's epsilon
    """

    layers: tuple[int, ...]
    bias: bool
    activations: tuple[str, ...]
    loss: str
    loss_parameter: float

    @cached_property
    def n_parameters(self) -> int:
        return layer_slices(self.layers, self.bias)[-1].stop

    @property
    def is_weight(self) -> np.ndarray:
        """(n_parameters,) bool: penalties are on weights, not on biases."""
        result = np.ones(self.n_parameters, bool)
        if self.bias:
            for part, width in zip(layer_slices(self.layers, True), self.layers[1:], strict=True):
                result[part.stop - width : part.stop] = False
        return result


@dataclass(frozen=True)
class Samples:
    """Samples that all networks share.

    Attributes
    ----------
    inputs : (samples, inputs)
    targets : (samples, outputs), or (samples, 1) class labels for cross_entropy
    weights : (samples,)
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """How learning rates change from epoch to epoch: see :mod:`schedules`.

    Attributes
    ----------
    kind : (n,) int8, a place in :data:`schedules.KINDS`
    decay, minimum, warmup : (n,) float64, as users' optimisers have them
    """

    kind: np.ndarray
    decay: np.ndarray
    minimum: np.ndarray
    warmup: np.ndarray


@dataclass(frozen=True)
class Optimizer:
    """A rule of :data:`tables.OPTIMIZERS` with each network's own numbers, all float64.

    Attributes
    ----------
    rule : name of the rule
    rates : (n, epochs) learning rates, or (n, 1) where they are constant
    hyperparameters : (n, h) in the order of the rule's names
    penalties : (n, 3) l1, l2 and clip_norm (inf: no clipping); (n, 0) where no network has any
    schedule : what rates are multiplied with, or None; kernels never see one
    """

    rule: str
    rates: np.ndarray
    hyperparameters: np.ndarray
    penalties: np.ndarray
    schedule: Schedule | None = None


@dataclass(frozen=True)
class State:
    """What training changes, for all n networks; devices write into these arrays.

    Attributes
    ----------
    parameters : (n, P)
    moments : (n, states, P), the optimiser's memory
    powers : (n, 2) float64, beta1**step and beta2**step; (n, 0) where the rule has none
    status : (n,) int8: RUNNING, STOPPED or DIVERGED
    epochs_run : (n,) int64, whole epochs
    best, best_epoch : (n,) float64 and int64, for patience (inf and -1 before the first epoch);
        (0,) where no network has any
    best_parameters : (n, P), those after the best epoch; (0, P) where nobody wants them back
    loss, validation_loss : (n, recorded) float64, NaN where not reached
    penalty : (n, recorded) float64, the same of the penalties; (n, 0) unless losses are summed
    """

    parameters: np.ndarray
    moments: np.ndarray
    powers: np.ndarray
    status: np.ndarray
    epochs_run: np.ndarray
    best: np.ndarray
    best_epoch: np.ndarray
    best_parameters: np.ndarray
    loss: np.ndarray
    validation_loss: np.ndarray
    penalty: np.ndarray


@dataclass(frozen=True)
class Shuffle:
    """Orders that a device can make by itself, by :func:`counter.permutations`.

    Attributes
    ----------
    seed : of the fit
    folds : for each fold whether it is shuffled; the others keep their rows in every epoch
    longest : so many epochs' orders may be in memory at a time
    """

    seed: int
    folds: tuple[bool, ...]
    longest: int


@dataclass(frozen=True)
class Task:
    """A run of epochs for some networks.

    Where all networks have the same setting, its array may be one row that NumPy repeats
    (``strides[0] == 0``).

    Attributes
    ----------
    order : (epochs or 1, rows) int64, the rows of every fold one after the other, shuffled
    fold_start : (folds + 1,) int64, where folds begin in ``order``
    fold : (n,) int64, each network's fold
    first_epoch, epochs : the epochs to run, ``first_epoch`` of the whole fit is column 0 here
    record : (epochs,) bool, epochs whose losses are kept
    column : (epochs,) int64, the column of the next kept epoch
    summed : whether a step minimises the sum of a batch's losses and penalties over its weight,
        rather than the mean loss plus penalties; an epoch's loss and penalty are then means of its
        batches' by their rows, not by their weights
    validation : samples to score at the kept epochs, or None
    tol : (n,) float64; a network stops when its epoch's loss is not above it (-inf: never)
    patience : (n,) int64; epochs without a better loss after which it stops
    dropout : (n, hidden) float64; (n, 0) where no network has any
    keys : (n,) uint64, each network's own key for dropout, the fit's seed already joined
    shuffle : how a device that can makes ``order`` by itself, from one row of it; None where
        orders are given
    """

    network: Network
    samples: Samples
    validation: Samples | None
    order: np.ndarray
    fold_start: np.ndarray
    fold: np.ndarray
    batch_size: int
    summed: bool
    first_epoch: int
    epochs: int
    record: np.ndarray
    column: np.ndarray
    optimizer: Optimizer
    tol: np.ndarray
    patience: np.ndarray
    dropout: np.ndarray
    keys: np.ndarray
    state: State
    shuffle: Shuffle | None = None
