"""One network a thread, by register-tiled products of matrices, batch after batch.

Products are those of :mod:`bpfast.kernels.cpu.product`; layers are cut into panels for them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...arguments import Memory
from ...task import DTYPE_NAMES, Network, Task
from .. import functions
from ..arguments import ARGUMENTS, MEMORY, NET, Arguments, contiguous, net_of
from ..entry import Entry
from ..library import function
from ..slices import CHUNK, MAX_SLICES
from ..structs import Signature
from ..threads import COUNTERS, run
from ..workspace import kept, zeros
from .layout import FLOATS, LAYOUT, WORKSPACE, Layout, Workspace, layout_of

TRAIN = Entry("tiles.kernels", "train", Signature(ARGUMENTS, LAYOUT, WORKSPACE), seconds=6.0)
GRADIENTS = Entry(
    "tiles.kernels", "gradients", Signature(ARGUMENTS, LAYOUT, WORKSPACE, "real[:,:]"), seconds=2.0
)
PREDICT = Entry(
    "tiles.kernels",
    "predict",
    Signature(NET, MEMORY, "real[:,:]", "int64", "int64", LAYOUT, WORKSPACE, "real[:,:,:]"),
    seconds=1.0,
)

__all__ = [
    "GRADIENTS",
    "PREDICT",
    "TRAIN",
    "gradients",
    "predict",
    "train",
    "trainer",
    "workspaces_of",
]


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop, each in one thread."""
    members = min(threads, len(args.networks))
    run(trainer(task, args, members), members)


def trainer(task: Task, args: Arguments, threads: int) -> Callable[[int], None]:
    """What each of so many threads calls with its number, to train the next networks."""
    layout, workspaces = workspaces_of(task, threads)
    kernel = function(TRAIN, task.state.parameters.dtype.name)
    return lambda member: kernel(args, layout, workspaces[member])


def gradients(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Gradients (n, P) of all networks on the task's samples; losses go to its state."""
    results = np.empty_like(task.state.parameters)
    layout, workspaces = workspaces_of(task, min(threads, len(results)))
    kernel = function(GRADIENTS, results.dtype.name)
    run(
        lambda member: kernel(args, layout, workspaces[member], results),
        len(workspaces),
    )
    return results


def predict(
    network: Network, parameters: np.ndarray, inputs: np.ndarray, threads: int
) -> np.ndarray:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    n, dtype = len(parameters), parameters.dtype
    results = np.empty((n, len(inputs), network.layers[-1]), dtype)
    inputs = contiguous(inputs)
    name = DTYPE_NAMES[dtype]
    net, inverse_link = net_of(network, name), functions.inverse_link(network.loss, name)
    memory = Memory(parameters, np.empty((n, 0, 0), dtype), np.empty((n, 0)), parameters[:0])
    # few networks: their samples are cut over threads
    size = len(inputs) if n >= threads else -(-len(inputs) // threads)
    size = -(-size // CHUNK) * CHUNK
    threads = min(threads, n * -(-len(inputs) // size))
    layout = layout_of(network, 1)
    workspaces = _shared([_memory(layout, dtype) for _ in range(threads)], layout)
    kernel = function(PREDICT, name)
    run(
        lambda member: kernel(
            net, memory, inputs, inverse_link, size, layout, workspaces[member], results
        ),
        threads,
    )
    return results


def workspaces_of(task: Task, threads: int, team: int = 1) -> tuple[Layout, list[Workspace]]:
    """Layout, and the workspaces of threads, in teams of so many members."""
    longest = int(np.diff(task.fold_start).max())
    layout = layout_of(task.network, min(task.batch_size, longest))
    dtype = task.state.parameters.dtype
    teams = [
        kept(task, ("tiles", k, team), lambda: _memory(layout, dtype, team))
        for k in range(threads // team)
    ]
    return layout, _shared(teams, layout)


_Memory = tuple[np.ndarray, np.ndarray, np.ndarray]


def _memory(layout: Layout, dtype: np.dtype, team: int = 1) -> _Memory:
    """Numbers, losses and each member's row of the optimiser's numbers, for a team."""
    numbers = zeros(layout.team_size + team * layout.member_size, dtype)
    return numbers, np.zeros(MAX_SLICES), np.zeros((team, FLOATS))


def _shared(teams: list[_Memory], layout: Layout) -> list[Workspace]:
    """The workspaces of all threads of some teams, which share their work."""
    counters = np.zeros(COUNTERS, np.int64)
    return [
        Workspace(
            numbers=numbers,
            losses=losses,
            optimizer=optimizers[member],
            counters=counters,
            own=layout.team_size + member * layout.member_size,
            member=member,
            team=len(optimizers),
        )
        for numbers, losses, optimizers in teams
        for member in range(len(optimizers))
    ]
