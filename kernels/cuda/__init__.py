"""CUDA kernels, a folder per strategy: what a device offers to the rest of bpfast.

Strategies are imported when they are used, since they need numba-cuda; :mod:`device` says whether
it, and a GPU, are there.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .. import cache
from ..task import Network, Optimizer, Samples, Task
from . import device, machine_code
from .resident import MEMORY, WATCHED, Rows, Share, padded, samples_on_gpu, shares

GRAIN = 1 << 14  # networks that are trained together: fewer would leave multiprocessors idle
FIRST_RATE = 1e11  # operations a second, assumed until some were timed
SHUFFLES = True  # epochs' orders are shuffled on the GPU
STRATEGIES = {"thread": ".thread", "block": ".block", "large batch": ".large_batch"}

__all__ = [
    "FIRST_RATE",
    "GRAIN",
    "SHUFFLES",
    "STRATEGIES",
    "bring_back",
    "describe",
    "describe_kernels",
    "device",
    "emptied",
    "gradients",
    "place",
    "predict",
    "refusal",
    "resident",
    "restore_best",
    "train",
    "with_rates",
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


def describe_kernels() -> str:
    """The kernels that came compiled, in a line, and which of them run on the GPU that is here."""
    folders = sorted(Path(cache.PACKAGED, machine_code.FOLDER).glob("*"))
    counts = {folder.name: len([*folder.iterdir()]) for folder in folders}
    if not counts:
        return "none came compiled: each is compiled when it is first needed, and kept"
    words = ", ".join(f"{count} for {name}" for name, count in counts.items())
    result = f"came compiled: {words}; others are compiled when they are first needed, and kept"
    if device.problem() or device.simulated():
        return result
    capability = device.properties().compute_capability
    own = machine_code.architecture(machine_code.packaged_for(capability))
    those = f"those for {own}" if own in counts else "none of these"
    return f"{result}; this GPU takes {those}"


def refusal(strategy: str, network: Network, rule: str, dtype: str) -> str:
    """Why a strategy cannot train networks of some architecture here; empty where it can."""
    return _strategy(strategy).refusal(network, rule, dtype, device.properties())


def _strategy(name: str) -> ModuleType:
    """The module of a strategy."""
    return importlib.import_module(STRATEGIES[name], __package__)


# --- a task on the devices ------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed(Task):
    """A task on the host whose samples and networks also lie on GPUs, cut over them."""

    shares: tuple[Share, ...] = ()


def place(parameters: np.ndarray) -> Rows:
    """Networks' (n, P) parameters, copied to the GPUs, to stay there from call to call."""
    return Rows.of(parameters)


def resident(task: Task, parameters: Rows, fresh: bool) -> Placed:
    """A task whose samples and networks stay on the GPUs until it is :func:`emptied`.

    Each call copies losses, and which networks stopped when, back to the host. :func:`bring_back`
    copies the rest of the state; parameters stay on the GPUs. Unless the state is ``fresh``, it is
    copied to the GPUs first.
    """
    return Placed(**vars(task), shares=shares(task, parameters, fresh))


def with_rates(task: Placed, optimizer: Optimizer) -> Placed:
    """The same task with the learning rates of an optimiser that is otherwise its own."""
    placed = tuple(share.with_rates(optimizer) for share in task.shares)
    return replace(task, optimizer=optimizer, shares=placed)


def bring_back(task: Placed) -> None:
    """Copy what the optimiser remembers to the task's state on the host."""
    for share in task.shares:
        share.bring_back(task.state, MEMORY)


def restore_best(task: Placed, networks: np.ndarray) -> None:
    """Give some networks, by their indices, the parameters of their best epochs."""
    for share in task.shares:
        own = share.own(networks)
        if own.size:
            share.restore_best(own)


def emptied(task: Placed) -> Placed:
    """The task without samples and working memory: what is left can be brought back."""
    return replace(task, shares=tuple(share.emptied() for share in task.shares))


# --- what kernels do ------------------------------------------------------------------------------


def train(strategy: str, task: Placed, networks: np.ndarray) -> None:
    """Train some networks of a :func:`resident` task until they end or stop.

    GPUs work at the same time; each has a thread that starts its kernels.
    """
    kernel = _strategy(strategy)
    recorded = slice(task.column[0], task.column[-1] + 1)

    def work(share: Share) -> None:
        own = share.own(networks)
        if own.size:
            with device.on(share.gpu), device.own_stream():
                kernel.train(share.of(task), share.selected(own))
                share.bring_back(task.state, WATCHED, own, recorded)

    started = [
        share.thread.submit(work, share)
        for share in task.shares
        if share.thread and not device.simulated()  # whose kernels must not run side by side
    ]
    for share in task.shares[len(started) :]:
        work(share)
    for future in started:
        future.result()  # so that an error is raised here


def gradients(strategy: str, network: Network, parameters: np.ndarray | Rows, samples: Samples):
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    kernel = _strategy("large batch" if strategy == "large batch" else "block")
    rows = _together(parameters)
    losses, results = kernel.gradients(network, rows, samples_on_gpu(samples))
    return _like(samples.inputs, losses, results[:, : network.n_parameters])


def predict(network: Network, parameters: np.ndarray | Rows, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    refused = refusal("block", network, "sgd", parameters.dtype.name)
    kernel = _strategy("large batch" if refused else "block")
    results = kernel.predict(network, _together(parameters), device.to_device(inputs))
    (result,) = _like(inputs, results)
    return result


def _together(parameters: np.ndarray | Rows) -> Any:
    """(n, row_size) parameters on one GPU: where all lie already, or on the current one."""
    if isinstance(parameters, Rows):
        if len(parameters.parts) == 1:
            return parameters.parts[0].rows
        there = np.empty(parameters.shape, parameters.dtype)
        parameters.to_host(there)
        parameters = there
    return padded(device.to_device(parameters))


def _like(inputs: Any, *results: Any) -> tuple:
    """Results where the inputs are: on the GPU or the host."""
    if isinstance(inputs, np.ndarray):
        return tuple(device.to_host(result) for result in results)
    return results
