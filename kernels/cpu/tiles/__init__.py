"""One network a thread, by register-tiled products of matrices, batch after batch.

Products are those of :mod:`bpfast.kernels.cpu.product`; layers are cut into panels for them.
"""

from __future__ import annotations

import numpy as np

from ...task import Task
from .. import functions
from ..arguments import Arguments
from ..threads import COUNTERS, run
from ..workspace import kept, zeros
from . import kernels
from .layout import CHUNK, FLOATS, MAX_SLICES, SLICE, Layout, Workspace, layout_of

__all__ = ["SLICE", "gradients", "predict", "train", "workspaces_of"]


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop, each in one thread."""
    layout, workspaces = workspaces_of(task, min(threads, len(args.networks)))
    run(lambda member: kernels.train(args, layout, workspaces[member]), len(workspaces))


def gradients(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Gradients (n, P) of all networks on the task's samples; losses go to its state."""
    results = np.empty_like(task.state.parameters)
    layout, workspaces = workspaces_of(task, min(threads, len(results)))
    run(
        lambda member: kernels.gradients(args, layout, workspaces[member], results),
        len(workspaces),
    )
    return results


def predict(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Predictions (n, samples, outputs) of all networks for the task's inputs."""
    parameters, inputs = task.state.parameters, task.samples.inputs
    results = np.empty((len(parameters), len(inputs), task.network.layers[-1]), parameters.dtype)
    inverse_link = functions.inverse_link(task.network.loss, parameters.dtype.name)
    # few networks: their samples are cut over threads
    size = len(inputs) if len(parameters) >= threads else -(-len(inputs) // threads)
    size = -(-size // CHUNK) * CHUNK
    blocks = len(parameters) * -(-len(inputs) // size)
    layout, workspaces = workspaces_of(task, min(threads, blocks))
    run(
        lambda member: kernels.predict(
            args, inverse_link, size, layout, workspaces[member], results
        ),
        len(workspaces),
    )
    return results


def workspaces_of(task: Task, threads: int, team: int = 1) -> tuple[Layout, list[Workspace]]:
    """Layout, and the workspaces of threads, in teams of so many members."""
    layout = kept(task, "layout", lambda: _layout(task))
    counters = np.zeros(COUNTERS, np.int64)

    def make() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = layout.team_size + team * layout.member_size
        numbers = zeros(size, task.state.parameters.dtype)
        return numbers, np.zeros(MAX_SLICES), np.zeros((team, FLOATS))

    arrays = [kept(task, (k, team), make) for k in range(threads // team)]
    workspaces = []
    for thread in range(threads):
        numbers, losses, optimizers = arrays[thread // team]
        member = thread % team
        workspaces.append(
            Workspace(
                numbers=numbers,
                losses=losses,
                optimizer=optimizers[member],
                counters=counters,
                own=layout.team_size + member * layout.member_size,
                member=member,
                team=team,
            )
        )
    return layout, workspaces


def _layout(task: Task) -> Layout:
    longest = int(np.diff(task.fold_start).max())
    return layout_of(task.network, min(task.batch_size, longest))
