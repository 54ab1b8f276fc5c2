"""Training: fit, a fit that pauses, and gradients."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..arrays import samples_on_host
from ..checks import BELOW_ONE, check_bool, check_choice, check_int, check_numbers
from ..kernels import counter, schedules
from ..kernels.task import DIVERGED, NEVER, RUNNING, STOPPED, Samples, State, Task, distinct
from . import dispatch
from .history import History, Progress, latest
from .interrupts import interrupt_flag
from .network import MLP
from .optimizers import Optimizer, table
from .orders import Given, Shuffled
from .population import Population
from .samples import check_rows, check_samples
from .state import from_arrays, new_state, to_arrays

CALL_SECONDS = 0.25  # how long a call of a kernel should take: Ctrl-C and progress wait for it
OBJECTIVES = ("mean", "sum")
MOST_EPOCHS = 2.0**53  # whole numbers that float64 holds


def fit(
    population: Population,
    X,
    y,
    optimizer: Optimizer,
    epochs: int = 20,
    batch_size: int = 64,
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
    progress: Callable[[Progress], None] | bool | None = None,
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
    """
    training = Training(
        population,
        X,
        y,
        optimizer,
        epochs,
        batch_size,
        shuffle,
        seed,
        validation,
        sample_weight,
        rows,
        tol,
        patience,
        restore_best_weights,
        dropout,
        record,
        device,
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
        *,
        objective: str = "mean",
        orders: Callable[[int, int], np.ndarray] | None = None,
    ) -> None:
        _check_population(population)
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be one such as bpfast.Adam(), got {optimizer!r}")
        mlp, n, dtype = population.mlp, len(population), population.dtype
        epochs, batch_size = check_int("epochs", epochs, 1), check_int("batch_size", batch_size, 1)
        samples = check_samples(X, y, sample_weight, mlp, dtype)
        folds, fold = check_rows(rows, n, len(samples.inputs))
        scored = None if validation is None else _check_validation(validation, mlp, dtype)
        check_choice("objective", objective, OBJECTIVES)
        recorded = _recorded(record, epochs)
        limits = _check_patience(patience, n)
        gap = np.diff(np.flatnonzero(recorded), prepend=-1).max()
        least = distinct(limits).min()
        if scored is not None and least < gap:
            raise ValueError(
                f"patience={least} would run out before the validation samples are scored: "
                f'record={record!r} leaves {gap} epochs between scores; use record="epoch"'
            )
        check_bool("shuffle", shuffle)
        check_bool("restore_best_weights", restore_best_weights)
        batch_size = min(batch_size, max(map(len, folds)))
        seed = check_int("seed", seed, 0)
        resolved = optimizer.resolve(n, epochs)
        self.plan = dispatch.choose(mlp, n, batch_size, device, resolved.rule, dtype.name)
        if self.plan.device != "cuda":
            samples = samples_on_host(samples)
            scored = None if scored is None else samples_on_host(scored)
        probabilities = _check_dropout(dropout, mlp, n)
        self._orders: Given | Shuffled = Shuffled(folds, shuffle, seed, batch_size)
        if orders is not None:
            self._orders = Given(orders, sum(map(len, folds)), len(samples.inputs))
        self.task = Task(
            network=mlp.network,
            samples=samples,
            validation=scored,
            order=self._orders.rows(),
            fold_start=np.cumsum([0, *map(len, folds)]),
            fold=fold,
            batch_size=batch_size,
            summed=objective == "sum",
            first_epoch=0,
            epochs=epochs,
            record=recorded,
            column=np.cumsum(recorded) - recorded,
            optimizer=resolved,
            tol=np.broadcast_to(-np.inf, (n,))
            if tol is None
            else check_numbers("tol", tol, n, 0.0),
            patience=limits,
            dropout=probabilities,
            keys=_dropout_keys(population, seed, probabilities),
            state=new_state(
                population,
                self.plan.device,
                resolved.rule,
                int(recorded.sum()),
                scored is not None,
                objective == "sum",
                limits,
                restore_best_weights,
            ),
            shuffle=self._orders.shuffle,
        )
        self.population = population
        self.interrupted = False
        self._scored = scored is not None
        self._kernels = dispatch.kernels(self.plan)
        self._clock = _Clock(self._kernels.FIRST_RATE)
        self._open = False  # whether the device has all that it needs
        self._placed: Any = None  # the task where the device reads it, or what is left there
        self._fresh = True  # the state is as it began, but for what the device has

    def __enter__(self) -> Training:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the device's memory, all but the optimiser's until this training is gone.

        The population has what was trained. On a GPU it stays there: its arrays come to the host
        when they are read, or at once where somebody still holds them.
        """
        if self._open:
            self._placed, self._open = self._kernels.emptied(self._placed), False
            self.population.take_back(self.plan.device)

    @property
    def epoch(self) -> int:
        """Epochs that all networks are through that have not ended; the last one if all have."""
        state = self.task.state
        reached = state.epochs_run[state.status == RUNNING]
        return int(reached.min()) if reached.size else self.task.epochs

    def advance(
        self,
        until: int | None = None,
        progress: Callable[[Progress], None] | bool | None = False,
        seconds: float = np.inf,
    ) -> None:
        """Train up to an epoch, the last one if it is not given, or until Ctrl-C.

        Parameters
        ----------
        until : epochs from the beginning
        progress : as for :func:`fit`
        seconds : after so many it pauses, wherever it is
        """
        last = self.task.epochs if until is None else check_int("until", until, 0, self.task.epochs)
        n, task = len(self.task.state.status), self.task
        self.interrupted, end = False, time.perf_counter() + seconds
        show, close = _display(progress)
        try:
            with interrupt_flag() as interrupted:
                for _ in self._calls(last):
                    if show:
                        show(self.progress())
                    if interrupted and _done(task) < n * task.epochs:
                        self.interrupted = True
                        return
                    if time.perf_counter() > end:
                        return
        finally:
            close()

    def progress(self) -> Progress:
        """How far it is."""
        total = len(self.task.state.status) * self.task.epochs
        return _progress(self.task, total, self._clock.seconds())

    def drop(self, networks: np.ndarray) -> None:
        """Let some networks, by their numbers, stop where they are; the others never notice.

        As all that end, they have their best parameters then where ``patience`` restores them.
        """
        status = self.task.state.status
        dropped = np.arange(len(status))[networks]
        dropped = dropped[status[dropped] == RUNNING]
        status[dropped] = STOPPED
        self._restore_best(dropped)

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
        return to_arrays(self._state(), networks)

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
        from_arrays(replace(self.task, state=self._state()), tensors, networks)
        self._placed, self._fresh = None, False

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
        optimizer = self.task.optimizer
        rates = np.array(optimizer.rates)
        places = np.arange(len(rates))[slice(None) if networks is None else networks]
        rates[places] = check_numbers("learning_rate", learning_rate, len(places), 0.0)[:, None]
        schedule = schedules.constant_for(optimizer.schedule, places)
        optimizer = replace(optimizer, rates=rates, schedule=schedule)
        self.task = replace(self.task, optimizer=optimizer)
        if self._open:
            self._placed = self._kernels.with_rates(self._placed, optimizer)

    def history(self) -> History:
        """What has happened so far."""
        state, patient = self.task.state, self.task.state.best.size > 0
        return History(
            loss=state.loss,
            validation_loss=state.validation_loss if self._scored else None,
            epochs=np.flatnonzero(self.task.record) + 1,
            epochs_run=state.epochs_run,
            stopped=state.status == STOPPED,
            diverged=state.status == DIVERGED,
            plan=self.plan,
            seconds=self._clock.seconds(),
            sample_updates=_sample_updates(self.task),
            interrupted=self.interrupted,
            penalty=state.penalty if self.task.summed else None,
            best_epoch=state.best_epoch + 1 if patient else None,
            best_loss=state.best if patient else None,
            restored=_restored(self.task) if patient else None,
        )

    def _bring_back(self) -> None:
        """Let the state on the host, but for the parameters, be that on the device."""
        if self._placed is not None:
            self._kernels.bring_back(self._placed)

    def _state(self) -> State:
        """All of the state as it is now, on the host."""
        self._bring_back()
        return replace(self.task.state, parameters=self.population.parameters)

    def _restore_best(self, networks: np.ndarray) -> None:
        """Let those of some networks that have ended just now have their best parameters."""
        if not self.task.state.best_parameters.size:
            return
        ended = networks[_restored(self.task)[networks]]
        if ended.size:
            self._kernels.restore_best(self._on_device(), ended)

    def _on_device(self) -> Task:
        """The task as kernels take it, from now on until :meth:`close`."""
        if not self._open:
            self._bring_back()
            fresh = self._fresh and self._placed is None
            lent = self.population.lend(self.plan.device)
            self._placed = self._kernels.resident(self.task, lent, fresh)
            self._open = True
        return self._placed

    def _calls(self, last: int) -> Iterator[None]:
        """Train in calls of a few epochs and networks."""
        task, clock, orders, kernels = self._on_device(), self._clock, self._orders, self._kernels
        first = self.epoch
        while first < last:
            running, until = _furthest_behind(task, first, last)
            if running.size == 0:
                return
            if len(task.fold_start) > 2:
                running = running[np.argsort(task.fold[running], kind="stable")]
            share = _operations(task, running)
            epochs = min(clock.affordable(share), orders.longest, until - first)
            made_there = kernels.SHUFFLES and task.shuffle is not None
            order = task.order if made_there else orders.of(first, epochs)
            block = _block(task, order, first, epochs)
            parts = max(1, round(share * epochs / (clock.rate * CALL_SECONDS)))
            for part in _cut(running, parts, kernels.GRAIN):
                before = time.perf_counter()
                kernels.train(self.plan.strategy, block, part)
                _check_arrived(task, part, first + epochs, self.plan)
                self._restore_best(part)
                clock.learn(_operations(task, part) * epochs, time.perf_counter() - before)
                yield
            first += epochs


def gradients(population: Population, X, y, sample_weight=None, device: str = "auto"):
    """Loss of every network on all samples, and its gradient.

    Parameters
    ----------
    population : Population
    X, y, sample_weight : as for :func:`fit`
    device : "auto", "cpu", "cuda" or "reference"

    Returns
    -------
    loss : (n,)
    weight_gradients : list of (n, d_in, d_out), like ``population.weights``
    bias_gradients : list of (n, d_out), like ``population.biases``
        All are CuPy's where ``X`` is on a GPU and the device is "cuda".

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any work.
    """
    _check_population(population)
    mlp, dtype = population.mlp, population.dtype
    samples = check_samples(X, y, sample_weight, mlp, dtype)
    plan = dispatch.choose(mlp, len(population), len(samples.inputs), device, "sgd", dtype.name)
    if plan.device != "cuda":
        samples = samples_on_host(samples)
    kernels = dispatch.kernels(plan)
    parameters = population.where(plan.device)
    loss, rows = kernels.gradients(plan.strategy, mlp.network, parameters, samples)
    like = population.with_parameters(rows)
    return loss, like.weights, like.biases


# --- what fit is made of --------------------------------------------------------------------------


def _check_population(population) -> None:
    if not isinstance(population, Population):
        raise TypeError(f"population must be a bpfast.Population, got {type(population).__name__}")


def _check_validation(validation, mlp: MLP, dtype) -> Samples:
    if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
        raise TypeError("validation must be (X, y) or (X, y, sample_weight)")
    weights = validation[2] if len(validation) == 3 else None
    X, y = validation[:2]
    return check_samples(X, y, weights, mlp, dtype, suffix=" of validation")


def _check_patience(patience, n: int) -> np.ndarray:
    if patience is None:
        return np.broadcast_to(np.int64(NEVER), (n,))
    values = check_numbers("patience", patience, n, 1.0, MOST_EPOCHS)
    if (values != np.floor(values)).any():
        raise ValueError(f"patience must be whole epochs, got {patience!r}")
    return values.astype(np.int64)


def _check_dropout(dropout, mlp: MLP, n: int) -> np.ndarray:
    hidden = len(mlp.layers) - 2
    per_layer = list(dropout) if isinstance(dropout, (list, tuple)) else [dropout] * hidden
    if len(per_layer) != hidden:
        raise ValueError(f"dropout has {len(per_layer)} entries for {hidden} hidden layers")
    columns = [check_numbers("dropout", p, n, 0.0, BELOW_ONE) for p in per_layer]
    return table(columns if any(column.any() for column in columns) else [], n)


def _dropout_keys(population: Population, seed: int, probabilities: np.ndarray) -> np.ndarray:
    if not probabilities.shape[1]:
        return np.broadcast_to(np.uint64(0), (len(population),))
    return counter.join(population.seeds, counter.key(seed))


def _recorded(record, epochs: int) -> np.ndarray:
    """(epochs,) bool: which epochs' losses are kept; the last one always is."""
    number = np.arange(1, epochs + 1)
    if record == "epoch":
        return number > 0
    if record == "last":
        return number == epochs
    if isinstance(record, str):
        raise ValueError(f'record must be "epoch", "last" or a number of epochs, got {record!r}')
    return (number % check_int("record", record, 1) == 0) | (number == epochs)


class _Clock:
    """Time since the fit began, and how long the next call of a kernel may be."""

    def __init__(self, rate: float) -> None:
        self.start = time.perf_counter()
        self.rate = rate  # operations a second

    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def learn(self, operations: float, seconds: float) -> None:
        """See how many operations a second there are."""
        self.rate = operations / max(seconds, 1e-6)

    def affordable(self, operations: float) -> int:
        """How often these operations fit into one call."""
        return max(1, int(self.rate * CALL_SECONDS / operations))


def _furthest_behind(task: Task, first: int, last: int) -> tuple[np.ndarray, int]:
    """The running networks that are not beyond an epoch, and the epoch up to which to train them.

    That is the last one, or where others are already: Ctrl-C comes between parts of a population.
    """
    state = task.state
    running = np.flatnonzero(state.status == RUNNING)
    reached = state.epochs_run[running]
    if reached.max(initial=0) <= first:
        return running, last
    ahead = reached > first
    return running[~ahead], int(reached[ahead].min(initial=last))


def _check_arrived(task: Task, networks: np.ndarray, epoch: int, plan: dispatch.Plan) -> None:
    """Raise if a kernel left a network where it was: whoever waits for it would wait for ever."""
    state = task.state
    behind = (state.status[networks] == RUNNING) & (state.epochs_run[networks] < epoch)
    if behind.any():
        network = networks[behind][0]
        raise RuntimeError(
            f"network {network} is at epoch {state.epochs_run[network]} after it was trained to "
            f"epoch {epoch} by {plan.strategy} on {plan.device}, and has not ended: "
            "this is a fault of bpfast's, please report it with the fit's arguments"
        )


def _operations(task: Task, networks: np.ndarray) -> float:
    """About how many operations an epoch of these networks takes."""
    rows = np.diff(task.fold_start)
    samples = rows[0] * networks.size if len(rows) == 1 else rows[task.fold[networks]].sum()
    return 6.0 * task.network.n_parameters * samples + networks.size


def _cut(networks: np.ndarray, parts: int, grain: int) -> list[np.ndarray]:
    """Cut into about so many parts, each of a multiple of ``grain`` networks but the last."""
    size = -(-networks.size // (parts * grain)) * grain
    return [networks[start : start + size] for start in range(0, networks.size, size)]


def _done(task: Task) -> int:
    """Network-epochs that need no more work."""
    state = task.state
    return int(np.where(state.status == RUNNING, state.epochs_run, task.epochs).sum())


def _restored(task: Task) -> np.ndarray:
    """(n,) bool: networks that end, or have ended, with the parameters of their best epochs.

    Where no epoch was the best, since none was scored or no loss was finite, they keep the last.
    """
    state = task.state
    if not state.best_parameters.size:
        return np.zeros(len(state.status), bool)
    through = (state.status == RUNNING) & (state.epochs_run == task.epochs)
    return ((state.status == STOPPED) | through) & (state.best_epoch >= 0)


def _block(task: Task, order: np.ndarray, first: int, epochs: int) -> Task:
    """Some epochs of the task."""
    part = slice(first, first + epochs)
    rates = task.optimizer.rates
    if rates.shape[1] > 1:
        rates = rates[:, part]
    return replace(
        task,
        order=order,
        first_epoch=first,
        epochs=epochs,
        record=task.record[part],
        column=task.column[part],
        optimizer=replace(task.optimizer, rates=rates),
    )


def _sample_updates(task: Task) -> int:
    rows = np.diff(task.fold_start)
    if len(rows) == 1:
        return int(task.state.epochs_run.sum() * rows[0])
    return int(task.state.epochs_run @ rows[task.fold])


def _progress(task: Task, total: int, seconds: float) -> Progress:
    rate = _sample_updates(task) / seconds
    return Progress(_done(task), total, seconds, rate, latest(task.state.loss))


def _display(progress) -> tuple[Callable[[Progress], None] | None, Callable[[], None]]:
    """What shows progress, if anything does, and what ends the showing."""
    if callable(progress):
        return progress, lambda: None
    if progress not in (None, False, True):
        raise TypeError(f"progress must be None, False or a callable, got {progress!r}")
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if progress is False or not (progress or terminal):
        return None, lambda: None
    from .progress import Bar

    bar = Bar()
    return bar.show, bar.close
