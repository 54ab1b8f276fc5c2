"""CUDA kernels, one file per strategy: what a device offers to the rest of bpfast.

Strategies are imported when they are used, since they need numba-cuda; :mod:`device` says whether
it, and a GPU, are there.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from ..task import Network, Samples, State, Task
from . import device

GRAIN = 1 << 14  # networks that are trained together: fewer would leave multiprocessors idle
FIRST_RATE = 1e11  # operations a second, assumed until some were timed
STRATEGIES = {"thread": ".thread", "block": ".block", "large batch": ".large_batch"}

__all__ = [
    "FIRST_RATE",
    "GRAIN",
    "STRATEGIES",
    "bring_back",
    "describe",
    "device",
    "gradients",
    "predict",
    "refusal",
    "resident",
    "train",
]


def describe() -> str:
    """The GPUs in a line."""
    found = device.properties()
    major, minor = found.compute_capability
    return (
        f"{found.count} x {found.name}, compute capability {major}.{minor}, "
        f"{found.multiprocessors} multiprocessors, "
        f"{found.shared_memory_per_block_optin >> 10} KiB of shared memory a block, "
        f"{found.memory / 2**30:.0f} GiB"
    )


def refusal(strategy: str, network: Network, rule: str, dtype: str) -> str:
    """Why a strategy cannot train networks of some architecture here; empty where it can."""
    return _strategy(strategy).refusal(network, rule, dtype, device.properties())


def _strategy(name: str) -> ModuleType:
    """The module of a strategy."""
    return importlib.import_module(STRATEGIES[name], __package__)


# --- a task on the devices ------------------------------------------------------------------------

LOSSES = ("loss", "validation_loss", "penalty")
WATCHED = ("status", "epochs_run", *LOSSES)  # what is looked at between calls of a kernel
TRAINED = ("parameters", "moments", "powers", "best", "best_epoch")
ALL = slice(None)


@dataclass(frozen=True)
class Share:
    """Some of the networks of a task, and all that their training needs, on one GPU."""

    number: int
    networks: slice
    task: Task

    def of(self, task: Task) -> Task:
        """The epochs of a task on the host, for these networks on the GPU."""
        rates = device.to_device(task.optimizer.rates[self.networks])
        return replace(
            self.task,
            order=device.to_device(task.order),
            first_epoch=task.first_epoch,
            epochs=task.epochs,
            record=device.to_device(task.record),
            column=device.to_device(task.column),
            optimizer=replace(self.task.optimizer, rates=rates),
        )

    def bring_back(
        self, state: State, names: tuple[str, ...], own: Any = ALL, columns: slice = ALL
    ) -> None:
        """Copy some arrays of the state to the host: of some networks, and of losses some columns.

        What the host says of the others, that they are to stop, stays as it is.
        """
        with device.on(self.number):
            placed = own if isinstance(own, slice) else device.to_device(own)
            for name in names:
                host, here = getattr(state, name)[self.networks], getattr(self.task.state, name)
                if name in LOSSES:
                    host, here = host[:, columns], here[:, columns]
                host[own] = device.to_host(here[placed])


@dataclass(frozen=True)
class Placed(Task):
    """A task on the host whose samples and networks also lie on GPUs, cut over them."""

    shares: tuple[Share, ...] = ()


@contextmanager
def resident(task: Task) -> Iterator[Placed]:
    """A task whose samples and networks stay on the GPUs until the end.

    What is looked at between calls, the losses and who stopped when, comes back after each.
    """
    numbers = device.numbers()
    n = len(task.state.parameters)
    cuts = [n * k // len(numbers) for k in range(len(numbers) + 1)]
    parts = [slice(*cut) for cut in pairwise(cuts)]
    shares = tuple(
        _place(task, number, part)
        for number, part in zip(numbers, parts, strict=True)
        if part.start < part.stop
    )
    placed = Placed(**vars(task), shares=shares)
    try:
        yield placed
    finally:
        bring_back(placed)


def bring_back(task: Placed) -> None:
    """Copy all that was trained to the task's state on the host."""
    for share in task.shares:
        share.bring_back(task.state, TRAINED)


def _place(task: Task, number: int, networks: slice) -> Share:
    """Some networks of a task on a GPU."""

    def own(array: np.ndarray) -> Any:
        return device.to_device(array[networks])

    with device.on(number):
        placed = replace(
            task,
            samples=_placed_samples(task.samples),
            validation=None if task.validation is None else _placed_samples(task.validation),
            fold_start=device.to_device(task.fold_start),
            fold=own(task.fold),
            optimizer=replace(
                task.optimizer,
                hyperparameters=own(task.optimizer.hyperparameters),
                penalties=own(task.optimizer.penalties),
            ),
            tol=own(task.tol),
            patience=own(task.patience),
            dropout=own(task.dropout),
            keys=own(task.keys),
            state=State(**{name: own(array) for name, array in vars(task.state).items()}),
        )
    return Share(number, networks, placed)


def _placed_samples(samples: Samples) -> Samples:
    return Samples(*(device.to_device(array) for array in vars(samples).values()))


# --- what kernels do ------------------------------------------------------------------------------


def train(strategy: str, task: Placed, networks: np.ndarray) -> None:
    """Train some networks of a :func:`resident` task until they end or stop.

    GPUs work at the same time, each in the hands of a thread of its own.
    """
    kernel = _strategy(strategy)
    recorded = slice(task.column[0], task.column[-1] + 1)

    def work(share: Share) -> None:
        part = share.networks
        own = networks[(networks >= part.start) & (networks < part.stop)] - part.start
        if own.size:
            with device.on(share.number):
                kernel.train(share.of(task), device.to_device(own))
            share.bring_back(task.state, WATCHED, own, recorded)

    if len(task.shares) == 1 or device.simulated():  # whose kernels must not run side by side
        for share in task.shares:
            work(share)
        return
    with ThreadPoolExecutor(len(task.shares)) as threads:
        list(threads.map(work, task.shares))  # so that an error is raised here


def gradients(strategy: str, network: Network, parameters: np.ndarray, samples: Samples):
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    kernel = _strategy("large batch" if strategy == "large batch" else "block")
    return _like(
        samples.inputs,
        *kernel.gradients(network, device.to_device(parameters), _placed_samples(samples)),
    )


def predict(network: Network, parameters: np.ndarray, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    refused = refusal("block", network, "sgd", parameters.dtype.name)
    kernel = _strategy("large batch" if refused else "block")
    placed = device.to_device(inputs)
    (result,) = _like(inputs, kernel.predict(network, device.to_device(parameters), placed))
    return result


def _like(inputs: Any, *results: Any) -> tuple:
    """Results where the inputs are: on the GPU or the host."""
    if isinstance(inputs, np.ndarray):
        return tuple(device.to_host(result) for result in results)
    return results
