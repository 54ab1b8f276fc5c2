"""Threads, their workspaces, and the groups of networks that they share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...task import Task
from ..arguments import Arguments
from ..threads import COUNTERS, run
from ..workspace import kept, zeros
from . import kernels
from .layout import FLOAT_ROWS, INT_ROWS, Layout, Workspace, group_size, layout_of
from .online import online_of


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop."""
    layout, workspaces, bounds = _shared_work(task, args.networks, threads)
    online = kept(task, "online", lambda: online_of(task))
    run(
        lambda member: kernels.train(args, online, layout, workspaces[member], bounds),
        len(workspaces),
    )


def gradients(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Gradients (n, P) of all networks on the task's samples; losses go to its state."""
    results = np.empty_like(task.state.parameters)
    layout, workspaces, bounds = _shared_work(task, args.networks, threads)
    run(
        lambda member: kernels.gradients(args, layout, workspaces[member], bounds, results),
        len(workspaces),
    )
    return results


def _shared_work(
    task: Task, networks: np.ndarray, threads: int
) -> tuple[Layout, list[Workspace], np.ndarray]:
    """Layout, the threads' workspaces, and the bounds of the groups that they share."""
    lanes = group_size(task.network, len(networks) // threads)
    bounds = _bounds(task.fold, networks, lanes)
    layout, counters = layout_of(task.network, lanes), np.zeros(COUNTERS, np.int64)

    def make() -> Workspace:
        return Workspace(
            numbers=zeros(layout.size, task.state.parameters.dtype),
            lane_floats=np.zeros((FLOAT_ROWS, lanes)),
            lane_ints=np.zeros((INT_ROWS, lanes), np.int64),
            counters=counters,
            lanes=lanes,
        )

    members = range(min(threads, len(bounds) - 1))
    workspaces = [kept(task, (k, lanes), make)._replace(counters=counters) for k in members]
    return layout, workspaces, bounds


def _bounds(fold: np.ndarray, networks: np.ndarray, size: int) -> np.ndarray:
    """Where groups of networks with one fold each begin in ``networks``, and the last one's end."""
    changes = np.flatnonzero(np.diff(fold[networks] if fold.strides[0] else fold[:1])) + 1
    runs = pairwise([0, *changes, len(networks)])
    starts = [np.arange(first, last, size) for first, last in runs]
    return np.concatenate([*starts, [len(networks)]])
