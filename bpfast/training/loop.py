"""The training loop: fit, and a fit that can pause."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..checks import check_int, check_numbers
from ..kernels import schedules
from ..kernels.task import DTYPE_NAMES, RUNNING, STOPPED
from . import dispatch
from .calls import Pace, check_trained, furthest_behind, some_epochs
from .history import History, history_of
from .interrupts import interrupt_flag
from .optimizers import Optimizer
from .options import Batches, Data, Dropout, EarlyStopping, recorded_epochs
from .population import Population, check_population
from .progress import Progress, Show, display, progress_of
from .resident import ResidentTask
from .state import epoch_of, epochs_done, from_arrays, to_arrays
from .task import new_task


def fit(
    population: Population,
    X,
    y,
    optimizer: Optimizer,
    epochs: int = 20,
    batch_size: int = 64,
    *,
    shuffle: bool = True,
    seed: int = 0,
    validation: tuple | None = None,
    sample_weight=None,
    rows: tuple | None = None,
    tol=None,
    patience=None,
    restore_best_weights: bool = True,
    dropout=0.0,
    record: str | int = "epoch",
    device: str = "auto",
    progress: Show | bool | None = None,
) -> History:
    """Train every network of a population, in place.

    Parameters
    ----------
    population : Population
    X : (samples, inputs), shared by all networks; arrays on a GPU (CuPy's, or any that speaks
        DLPack or ``__cuda_array_interface__``) stay there for device "cuda"
    y : (samples,) integer classes, or (samples, outputs) numbers
    optimizer : SGD, Adam, AdamW or RMSprop, with a number or (n,) numbers for each setting
    epochs : int
    batch_size : int
        Samples a step; the last batch of an epoch may be short and counts with its own mean.
    shuffle : bool
        New order in every epoch, from (seed, epoch, fold); a batch that holds all rows keeps them.
    seed : int
        For the shuffle and dropout.
    validation : (X, y) or (X, y, sample_weight)
        Scored at the recorded epochs.
    sample_weight : (samples,)
    rows : (list of k index arrays, (n,) fold numbers)
        The rows that each network is trained on; an index may come twice.
    tol : scalar or (n,)
        A network stops after the epoch whose training loss is at most this.
    patience : scalar or (n,) whole numbers
        A network stops after so many epochs without a lower validation loss (training loss
        without ``validation``).
    restore_best_weights : bool
        With ``patience``, a network ends with the parameters of its best epoch, the one whose
        validation loss (training loss without ``validation``) was the lowest, also where it ends by
        ``tol`` or with the last epoch; False keeps the last epoch's. One that diverges keeps its
        last finite parameters. It takes one more copy of the parameters.
    dropout : scalar or (n,), or a sequence of these, one for each hidden layer
        Probability that a hidden unit is left out of a step.
    record : "epoch", "last", or k for every k-th epoch (and the last)
    device : "auto", "cpu", "cuda" or "reference"
    progress : None for a bar on a terminal, False for silence, or a callable given a Progress

    Returns
    -------
    History
        After Ctrl-C too: then ``interrupted`` is True and the population is as trained so far.

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any work: what was given, what was expected.

    Notes
    -----
    On the CPU, numbers too small to be normal (below 1.2e-38 in float32, 2.2e-308 in float64) are
    zeros while kernels run, as in XLA and TensorFlow: weights that a penalty lets decay end at 0,
    and cost no more time than others. NumPy's arithmetic before and after is as it was.
    """
    training = Training(
        population,
        X,
        y,
        optimizer,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation=validation,
        sample_weight=sample_weight,
        rows=rows,
        tol=tol,
        patience=patience,
        restore_best_weights=restore_best_weights,
        dropout=dropout,
        record=record,
        device=device,
    )
    with training:
        training.advance(progress=progress)
    return training.history()


class Training:
    """A fit that can pause: :func:`fit` is one that does not.

    It takes the same parameters, but for ``progress``, and once it advances it holds a device's
    memory until it is closed; as a context manager it closes itself. The population always has what
    was trained so far, and of networks that have ended, with ``patience``, the best.

    Parameters
    ----------
    objective : "mean" or "sum"
        What a step goes down: the mean of the batch's losses (by sample weight) plus penalties, or
        the sum of both over the batch's total weight, as scikit-learn does; then an epoch's loss is
        the mean of its batches' by their rows, and the history has the penalties.
    orders : callable
        In place of ``shuffle``: called with the number of an epoch, from 0, and a number of epochs,
        it returns the rows in their order, (epochs, rows) integers; with ``rows``, those of every
        fold one after the other. Epochs are asked for as they come, and again after an interrupt.
    """

    def __init__(
        self,
        population: Population,
        X,
        y,
        optimizer: Optimizer,
        epochs: int = 20,
        batch_size: int = 64,
        *,
        shuffle: bool = True,
        seed: int = 0,
        validation: tuple | None = None,
        sample_weight=None,
        rows: tuple | None = None,
        tol=None,
        patience=None,
        restore_best_weights: bool = True,
        dropout=0.0,
        record: str | int = "epoch",
        device: str = "auto",
        objective: str = "mean",
        orders: Callable[[int, int], np.ndarray] | None = None,
    ) -> None:
        check_population(population)
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be one such as bpfast.Adam(), got {optimizer!r}")
        n, mlp, dtype = len(population), population.mlp, DTYPE_NAMES[population.dtype]
        epochs, seed = check_int("epochs", epochs, 1), check_int("seed", seed, 0)
        data = Data.checked(population, X, y, sample_weight, validation=validation, rows=rows)
        batches = Batches.checked(
            data, batch_size, shuffle=shuffle, seed=seed, orders=orders, objective=objective
        )
        recorded = recorded_epochs(record, epochs)
        stopping = EarlyStopping.checked(n, tol, patience, restore_best_weights)
        if data.validation is not None:
            stopping.check_scores(recorded, record)
        resolved = optimizer.resolve(n, epochs)
        self.plan = dispatch.choose(mlp, n, batches.size, device, resolved.rule, dtype)
        task = new_task(
            population,
            self.plan.device,
            resolved,
            data,
            batches,
            stopping=stopping,
            dropout=Dropout.checked(population, dropout, seed),
            recorded=recorded,
        )
        self.population = population
        self.interrupted = False
        self.resident = ResidentTask(task, population, self.plan)
        self._orders = batches.orders
        self._pace = Pace(self.resident.kernels.FIRST_RATE, self.resident.kernels.GRAIN)
        self._began = time.perf_counter()

    def __enter__(self) -> Training:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the device's memory, all but the optimiser's until this training is gone.

        The population has what was trained. On a GPU it stays there: its arrays come to the host
        when they are read, or at once where somebody still holds them.
        """
        self.resident.close()

    @property
    def epoch(self) -> int:
        """Epochs that all networks are through that have not ended; the last one if all have."""
        return epoch_of(self.resident.task)

    def advance(
        self,
        until: int | None = None,
        progress: Show | bool | None = False,
        seconds: float = np.inf,
    ) -> None:
        """Train up to an epoch, the last one if it is not given, or until Ctrl-C.

        Parameters
        ----------
        until : epochs from the beginning
        progress : as for :func:`fit`
        seconds : after so many it pauses, wherever it is
        """
        task, end = self.resident.task, time.perf_counter() + seconds
        last = task.epochs if until is None else check_int("until", until, 0, task.epochs)
        self.interrupted = False
        with display(progress) as show, interrupt_flag() as interrupted:
            for _ in self._calls(last):
                if show:
                    show(self.progress())
                if interrupted and epochs_done(task) < len(self.population) * task.epochs:
                    self.interrupted = True
                    return
                if time.perf_counter() > end:
                    return

    def progress(self) -> Progress:
        """How far it is."""
        return progress_of(self.resident.task, time.perf_counter() - self._began)

    def drop(self, networks: np.ndarray) -> None:
        """Let some networks, by their numbers, stop where they are; the others never notice.

        As all that end, they have their best parameters then where ``patience`` restores them.
        """
        status = self.resident.task.state.status
        dropped = np.arange(len(status))[networks]
        dropped = dropped[status[dropped] == RUNNING]
        status[dropped] = STOPPED
        self.resident.restore_best(dropped)

    def state_dict(self, networks: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """All that this training needs to go on elsewhere, to the same bits.

        A training that is made of the same arguments, and of a population with the same ``seeds``,
        takes it by :meth:`load_state_dict`.

        Parameters
        ----------
        networks : numbers of some networks; None for all

        Returns
        -------
        dict of copies, which safetensors can keep, all with a row for each of the networks:
            ``parameters``, ``moments`` and ``powers`` (the optimiser's memory), ``status``,
            ``epochs_run``, ``loss``, ``validation_loss``, ``penalty``, ``best``, ``best_epoch`` and
            ``best_parameters`` (these three of length 0 without ``patience``, the last also where
            ``restore_best_weights`` is False)
        """
        return to_arrays(self.resident.state(), networks)

    def parameters(self, networks: np.ndarray | None = None) -> np.ndarray:
        """(k, P) copy of the parameters of some networks, by their numbers, or of all, by now."""
        return np.array(self.population.parameters[slice(None) if networks is None else networks])

    def load_state_dict(
        self, tensors: Mapping[str, np.ndarray], networks: np.ndarray | None = None
    ) -> None:
        """Go on where :meth:`state_dict` was asked.

        Parameters
        ----------
        tensors : what :meth:`state_dict` returned, there for as many networks
        networks : numbers of the networks, here, whose state it is; None for all

        Raises
        ------
        ValueError
            Another training's state: other names, shapes, dtypes, or more epochs. Nothing is
            changed.
        """
        self.close()  # the device takes it from the host
        task = replace(self.resident.task, state=self.resident.state())
        from_arrays(task, tensors, networks)
        self.resident.forget()

    def set_learning_rate(self, learning_rate, networks: np.ndarray | None = None) -> None:
        """From the next epoch on, some networks, or all, have other, constant learning rates.

        What was set is no part of :meth:`state_dict`.

        Parameters
        ----------
        learning_rate : a number, or one for each of the networks, at least 0
        networks : numbers of the networks; None for all

        Raises
        ------
        TypeError, ValueError
            Not such numbers.
        """
        optimizer = self.resident.task.optimizer
        rates = np.array(optimizer.rates)
        chosen = np.arange(len(rates))[slice(None) if networks is None else networks]
        rates[chosen] = check_numbers("learning_rate", learning_rate, len(chosen), 0.0)[:, None]
        schedule = schedules.constant_for(optimizer.schedule, chosen)
        self.resident.set_optimizer(replace(optimizer, rates=rates, schedule=schedule))

    def history(self) -> History:
        """What has happened so far."""
        seconds = time.perf_counter() - self._began
        return history_of(self.resident.task, self.plan, seconds, self.interrupted)

    def _calls(self, last: int) -> Iterator[None]:
        """Train in calls of a few epochs and networks."""
        task, kernels, orders = self.resident.place(), self.resident.kernels, self._orders
        order_is_there = kernels.SHUFFLES and task.shuffle is not None
        first = self.epoch
        while first < last:
            networks, until = furthest_behind(task, first, last)
            if networks.size == 0:
                return
            limit = min(orders.longest, until - first)
            epochs, parts = self._pace.cut(task, networks, limit)
            order = task.order if order_is_there else orders.of(first, epochs)
            block = some_epochs(task, order, first, epochs)
            for part in parts:
                before = time.perf_counter()
                kernels.train(self.plan.strategy, block, part)
                check_trained(block, part, self.plan)
                self.resident.restore_best(part)
                self._pace.learn(block, part, time.perf_counter() - before)
                yield
            first += epochs
