"""What lies on the GPUs: networks' parameters, and trainings that stay there between calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from .. import counter, schedules
from ..task import RUNNING, Optimizer, Samples, Schedule, State, Task
from . import device

ALIGNMENT = 32  # numbers: rows of parameters begin at whole lines of the GPU's caches
LOSSES = ("loss", "validation_loss", "penalty")
MEMORY = ("moments", "powers", "best_parameters")  # copied to the host only when asked for
# copied to the host after each call of a kernel
WATCHED = ("status", "epochs_run", "best", "best_epoch", *LOSSES)
PADDED = ("moments", "best_parameters")  # with rows as long as those of parameters
SETTINGS = ("fold", "tol", "patience", "dropout", "keys")  # a row for each network
BEGINNING = {
    "moments": 0.0,
    "powers": 1.0,
    "status": RUNNING,
    "epochs_run": 0,
    "best": np.inf,
    "best_epoch": -1,
    "best_parameters": 0.0,
    **dict.fromkeys(LOSSES, np.nan),
}


def row_size(size: int) -> int:
    """Distance of two networks' rows: all are aligned alike, so no bits depend on the row."""
    return -(-size // ALIGNMENT) * ALIGNMENT


# --- parameters -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Some networks of a population on one GPU: which, and their (m, row_size) parameters."""

    gpu: int
    networks: slice
    rows: Any


@dataclass(frozen=True)
class Rows:
    """Parameters of n networks on the GPUs, the same number on each.

    Attributes
    ----------
    shape : (n, P)
    dtype : of the parameters
    parts : what lies on each GPU
    """

    shape: tuple[int, int]
    dtype: np.dtype
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, parameters: np.ndarray) -> Rows:
        """Copies of (n, P) parameters of the host."""
        parts = []
        for gpu, networks in _cuts(len(parameters)):
            with device.on(gpu):
                rows = padded(device.to_device(parameters[networks]))
            parts.append(Part(gpu, networks, rows))
        return cls(parameters.shape, parameters.dtype, tuple(parts))

    def __len__(self) -> int:
        return self.shape[0]

    def to_host(self, out: np.ndarray) -> None:
        """Copy them into (n, P) memory of the host."""
        for part in self.parts:
            with device.on(part.gpu):
                device.fetch([(part.rows[:, : self.shape[1]], out[part.networks])])

    def take(self, chosen: np.ndarray) -> Rows:
        """Copies of some networks, by their indices (k,), which stay on the GPUs."""
        if len(self.parts) > 1:  # they lie apart, and are cut anew
            there = np.empty(self.shape, self.dtype)
            self.to_host(there)
            return Rows.of(there[chosen])
        (part,) = self.parts
        with device.on(part.gpu):
            rows = part.rows[_selection(chosen)].copy()
        own = replace(part, networks=slice(0, len(chosen)), rows=rows)
        return Rows((len(chosen), self.shape[1]), self.dtype, (own,))


def padded(parameters: Any) -> Any:
    """(m, P) as (m, row_size), with zeros at the end of each row."""
    count, size = parameters.shape
    rows = device.array_module().zeros((count, row_size(size)), parameters.dtype)
    rows[:, :size] = parameters
    return rows


def _cuts(n: int) -> list[tuple[int, slice]]:
    """Which GPU has which of n networks."""
    gpus = device.gpus()
    cuts = pairwise(n * k // len(gpus) for k in range(len(gpus) + 1))
    parts = [(gpu, slice(*cut)) for gpu, cut in zip(gpus, cuts, strict=True)]
    return [(gpu, part) for gpu, part in parts if part.start < part.stop]


def _selection(chosen: np.ndarray) -> Any:
    """An index on the GPU: a slice where networks are a range, which needs no copy."""
    if chosen.size and (np.diff(chosen) == 1).all():
        return slice(int(chosen[0]), int(chosen[-1]) + 1)
    return device.to_device(chosen)


# --- a training -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class OnGpu(Task):
    """A task for the networks of one GPU, whose arrays lie there.

    ``parameters`` and ``best_parameters`` are (m, row_size) and ``moments`` (m, states, row_size).
    Rates are those of the whole fit. They stay in the same memory until others are set, and so does
    ``order`` where it is shuffled on the GPU. ``record`` and ``column``, of the epochs of a call,
    stay on the host.

    Attributes
    ----------
    bounds : where folds begin in ``order``, on the host
    every, total : losses of every so many epochs are kept, and those of the last one of the fit
    kept : what a strategy makes in its first call and uses again in later ones
    """

    bounds: tuple[int, ...] = ()
    every: int = 1
    total: int = 0
    kept: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """Some of the networks of a task, and all that their training needs, on one GPU.

    Attributes
    ----------
    gpu : its number
    networks : which of the task's
    task : on the GPU; its ``order`` holds every fold's rows as they are
    thread : it starts the kernels where several GPUs work at the same time
    """

    gpu: int
    networks: slice
    task: OnGpu
    thread: ThreadPoolExecutor | None = None

    def __len__(self) -> int:
        return self.networks.stop - self.networks.start

    def own(self, networks: np.ndarray) -> np.ndarray:
        """Which of some of the task's networks are in this share, as indices into it."""
        first, stop = self.networks.start, self.networks.stop
        return networks[(networks >= first) & (networks < stop)] - first

    def of(self, task: Task) -> OnGpu:
        """Some epochs of the task."""
        return replace(
            self.task,
            order=self._order(task),
            first_epoch=task.first_epoch,
            epochs=task.epochs,
            record=task.record,
            column=task.column,
        )

    def _order(self, task: Task) -> Any:
        """(epochs or 1, rows) int32; shuffles are made here, always in the same memory."""
        shuffle, rows, kept = self.task.shuffle, self.task.order, self.task.kept
        if shuffle is None:
            return device.to_device(task.order.astype(np.int32))
        if not any(shuffle.folds):
            return rows
        xp = device.array_module()
        if "order" not in kept:
            most = min(shuffle.longest, self.task.total)
            kept["order"] = xp.empty((most, rows.shape[1]), np.int32)
        epochs = xp.arange(task.first_epoch, task.first_epoch + task.epochs, dtype=np.uint64)
        for fold, (start, stop) in enumerate(pairwise(self.task.bounds)):
            own = rows[0, start:stop]
            if shuffle.folds[fold]:
                own = own[counter.permutations(shuffle.seed, epochs, fold, stop - start, xp)]
            kept["order"][: task.epochs, start:stop] = own
        return kept["order"]

    def selected(self, own: np.ndarray) -> Any:
        """Numbers of some of its networks, (k,), on the GPU."""
        if len(own) < len(self):
            return device.to_device(own)
        kept = self.task.kept
        if "everyone" not in kept:
            kept["everyone"] = device.array_module().arange(len(self))
        return kept["everyone"]

    def bring_back(
        self,
        state: State,
        names: tuple[str, ...],
        own: np.ndarray | None = None,
        columns: slice = slice(None),
    ) -> None:
        """Copy some arrays of the state to the host: of all or some networks, some epochs' losses.

        Of other networks the host's state stays: it may say that they are to stop.
        """
        some = None if own is None or len(own) == len(self) else own
        with device.on(self.gpu):
            index = None if some is None else device.to_device(some)
            copies, picked = [], []
            for name in names:
                here, there = self._pair(state, name, columns)
                if some is not None and len(there):
                    target, there = there, np.empty((len(some), *there.shape[1:]), there.dtype)
                    picked.append((target, there))
                    here = here[index]
                copies.append((here, there))
            device.fetch(copies)
        for target, there in picked:
            target[some] = there

    def _pair(self, state: State, name: str, columns: slice) -> tuple[Any, np.ndarray]:
        """An array of the state here and on the host."""
        here, there = getattr(self.task.state, name), getattr(state, name)[self.networks]
        if name in LOSSES:
            return here[:, columns], there[:, columns]
        return (here[..., : there.shape[-1]] if name in PADDED else here), there

    def restore_best(self, own: np.ndarray) -> None:
        """Give some networks, by their indices, the parameters of their best epochs."""
        chosen, state = np.zeros((len(self), 1), bool), self.task.state
        chosen[own] = True
        with device.on(self.gpu):
            where = device.to_device(chosen)
            device.array_module().copyto(state.parameters, state.best_parameters, where=where)

    def with_rates(self, optimizer: Optimizer) -> Share:
        """With the learning rates of an optimiser that is otherwise its own."""
        with device.on(self.gpu):
            placed = _optimizer(optimizer, self.networks, self.task.total)
        return replace(self, task=replace(self.task, optimizer=placed))

    def emptied(self) -> Share:
        """Only what training has changed."""
        with device.on(self.gpu):
            nothing = device.array_module().empty(0)
        samples = Samples(nothing, nothing, nothing)
        task = replace(self.task, samples=samples, validation=None, order=nothing, kept={})
        if self.thread:
            self.thread.shutdown()
        return replace(self, task=task, thread=None)


def shares(task: Task, rows: Rows, fresh: bool) -> tuple[Share, ...]:
    """Samples and settings are copied to where the networks are.

    A ``fresh`` state, in which nothing has been trained, begins there; another one is copied.
    """

    def place(part: Part) -> Share:
        with device.on(part.gpu):
            placed = _task_on_gpu(task, part, fresh)
        thread = ThreadPoolExecutor(1) if len(rows.parts) > 1 else None
        return Share(part.gpu, part.networks, placed, thread)

    return tuple(map(place, rows.parts))


def _task_on_gpu(task: Task, part: Part, fresh: bool) -> OnGpu:
    """A task for the networks of the current GPU."""

    def own(array: np.ndarray) -> Any:
        return device.to_device(array[part.networks])

    changes = {
        "samples": samples_on_gpu(task.samples),
        "validation": None if task.validation is None else samples_on_gpu(task.validation),
        "order": device.to_device(task.order.astype(np.int32)),
        "fold_start": device.to_device(task.fold_start),
        "bounds": tuple(task.fold_start.tolist()),
        "every": int(np.argmax(task.record)) + 1,
        "total": task.epochs,
        "optimizer": _optimizer(task.optimizer, part.networks, task.epochs),
        "state": _begun(task.state, part) if fresh else _copied(task.state, part),
    }
    return OnGpu(**vars(task) | {name: own(getattr(task, name)) for name in SETTINGS} | changes)


def _optimizer(optimizer: Optimizer, networks: slice, epochs: int) -> Optimizer:
    """An optimiser on the current GPU, where the rates of all epochs are made."""

    def own(array: np.ndarray) -> Any:
        return device.to_device(array[networks])

    schedule = optimizer.schedule
    placed = replace(
        optimizer,
        rates=own(optimizer.rates),
        hyperparameters=own(optimizer.hyperparameters),
        penalties=own(optimizer.penalties),
        schedule=schedule and Schedule(*map(own, vars(schedule).values())),
    )
    return schedules.unfolded(placed, epochs, device.array_module())


def samples_on_gpu(samples: Samples) -> Samples:
    """Samples on the current GPU."""
    return Samples(*(device.to_device(array) for array in vars(samples).values()))


def _begun(state: State, part: Part) -> State:
    """The state of networks that are not trained yet."""
    count = part.networks.stop - part.networks.start

    def made(name: str, array: np.ndarray) -> Any:
        shape = (count if len(array) else 0, *array.shape[1:])
        if name in PADDED:
            shape = (*shape[:-1], row_size(shape[-1]))
        return device.array_module().full(shape, BEGINNING[name], array.dtype)

    others = {name: made(name, array) for name, array in vars(state).items() if name in BEGINNING}
    return State(parameters=part.rows, **others)


def _copied(state: State, part: Part) -> State:
    """The state that networks have on the host."""
    begun = vars(_begun(state, part))
    for name in BEGINNING:
        array = getattr(state, name)[part.networks]
        if array.size:
            begun[name][..., : array.shape[-1]] = device.to_device(array)
    return State(**begun)
