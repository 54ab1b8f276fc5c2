"""What a fit is asked for: options that belong together, checked before any work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrays import samples_on_host
from ..checks import BELOW_ONE, check_bool, check_choice, check_int, check_numbers
from ..kernels import counter
from ..kernels.task import NEVER, Samples, distinct, repeated
from .optimizers import stack_columns
from .orders import Given, Shuffled
from .population import Population
from .samples import check_rows, check_samples

OBJECTIVES = ("mean", "sum")
MOST_EPOCHS = 2.0**53  # up to here, float64 holds every integer


class Data(NamedTuple):
    """What networks are trained and scored on."""

    samples: Samples
    validation: Samples | None
    folds: list[np.ndarray]  # row numbers of each fold
    fold: np.ndarray  # (n,) each network's number in ``folds``

    @classmethod
    def checked(cls, population: Population, X, y, sample_weight, *, validation, rows) -> Data:
        """From :func:`bpfast.fit`'s parameters of the same names."""
        mlp, dtype = population.mlp, population.dtype
        samples = check_samples(X, y, sample_weight, mlp, dtype)
        folds, fold = check_rows(rows, len(population), len(samples.inputs))
        if validation is None:
            return cls(samples, None, folds, fold)
        if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
            raise TypeError("validation must be (X, y) or (X, y, sample_weight)")
        X, y, weights = (*validation, None)[:3]
        scored = check_samples(X, y, weights, mlp, dtype, suffix=" of validation")
        return cls(samples, scored, folds, fold)

    def on_host(self) -> Data:
        """The same where a CPU can read it."""
        validation = self.validation and samples_on_host(self.validation)
        return self._replace(samples=samples_on_host(self.samples), validation=validation)


class Batches(NamedTuple):
    """How an epoch is cut into batches."""

    size: int
    orders: Shuffled | Given  # in which rows come
    summed: bool  # whether a step minimises the sum of a batch's losses, not their mean

    @classmethod
    def checked(
        cls,
        data: Data,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        orders: Callable[[int, int], np.ndarray] | None,
        objective: str,
    ) -> Batches:
        """From :class:`bpfast.Training`'s parameters of the same names."""
        check_choice("objective", objective, OBJECTIVES)
        check_bool("shuffle", shuffle)
        size = min(check_int("batch_size", batch_size, 1), max(map(len, data.folds)))
        made: Shuffled | Given = Shuffled(data.folds, shuffle, seed, size)
        if orders is not None:
            made = Given(orders, sum(map(len, data.folds)), len(data.samples.inputs))
        return cls(size, made, objective == "sum")


class EarlyStopping(NamedTuple):
    """When networks stop before the last epoch, and with which parameters."""

    tol: np.ndarray  # (n,) training losses at which networks stop; -inf: at none
    patience: np.ndarray  # (n,) epochs without a lower loss; NEVER: as many as there are
    restore_best_weights: bool

    @classmethod
    def checked(cls, n: int, tol, patience, restore_best_weights: bool) -> EarlyStopping:
        """From :func:`bpfast.fit`'s parameters of the same names."""
        return cls(
            repeated(np.float64(-np.inf), n) if tol is None else check_numbers("tol", tol, n, 0.0),
            _check_patience(patience, n),
            check_bool("restore_best_weights", restore_best_weights),
        )

    def check_scores(self, recorded: np.ndarray, record: str | int) -> None:
        """Raise ``ValueError`` where patience runs out between two scores on validation samples."""
        gap = np.diff(np.flatnonzero(recorded), prepend=-1).max()
        least = distinct(self.patience).min()
        if least < gap:
            raise ValueError(
                f"patience={least} would run out before the validation samples are scored: "
                f'record={record!r} leaves {gap} epochs between scores; use record="epoch"'
            )


def _check_patience(patience, n: int) -> np.ndarray:
    if patience is None:
        return repeated(np.int64(NEVER), n)
    values = check_numbers("patience", patience, n, 1.0, MOST_EPOCHS)
    if (values != np.floor(values)).any():
        raise ValueError(f"patience must be whole epochs, got {patience!r}")
    return values.astype(np.int64)


class Dropout(NamedTuple):
    """Which hidden units are left out of a step."""

    probabilities: np.ndarray  # (n, hidden layers); (n, 0) where no network has dropout
    keys: np.ndarray  # (n,) uint64 from which each network's draws come

    @classmethod
    def checked(cls, population: Population, dropout, seed: int) -> Dropout:
        """From :func:`bpfast.fit`'s parameters of the same names."""
        n, hidden = len(population), len(population.mlp.layers) - 2
        per_layer = list(dropout) if isinstance(dropout, (list, tuple)) else [dropout] * hidden
        if len(per_layer) != hidden:
            raise ValueError(f"dropout has {len(per_layer)} entries for {hidden} hidden layers")
        columns = [check_numbers("dropout", p, n, 0.0, BELOW_ONE) for p in per_layer]
        if not any(distinct(column).any() for column in columns):
            return cls(stack_columns([], n), repeated(np.uint64(0), n))
        return cls(stack_columns(columns, n), counter.join(population.seeds, counter.key(seed)))


def recorded_epochs(record: str | int, epochs: int) -> np.ndarray:
    """(epochs,) bool: which epochs' losses are kept; the last one's always are."""
    count = np.arange(1, epochs + 1)
    if record == "epoch":
        return count > 0
    if record == "last":
        return count == epochs
    if isinstance(record, str):
        raise ValueError(f'record must be "epoch", "last" or a number of epochs, got {record!r}')
    return (count % check_int("record", record, 1) == 0) | (count == epochs)
