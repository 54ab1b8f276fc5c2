"""Tiny networks side by side: each number of a network is a lane of one or more vectors.

Every product is of vectors; what belongs to no network alone, inputs that a group shares, is
broadcast. A lane never looks at another, so a network's bits do not depend on its neighbours, nor
on how many there are. The tiniest networks share more than one vector: a call of
their products takes longer than the products of a single one.
"""

from __future__ import annotations

import numpy as np

from ...task import Task
from ..arguments import Arguments
from ..threads import COUNTERS, run
from ..workspace import kept
from . import kernels
from .grouping import MOST_LANES, group_size, groups_of
from .layout import Layout, Workspace, layout_of, workspace_of
from .online import online_of

__all__ = ["MOST_LANES", "gradients", "train"]


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop."""
    online = kept(task, "online", lambda: online_of(task))
    mixed = online.steps == 0  # a step of those is shorter than it takes to bring samples to lanes
    args, layout, workspaces, bounds = _shared_work(task, args, threads, mixed)
    run(
        lambda member: kernels.train(args, online, layout, workspaces[member], bounds),
        len(workspaces),
    )


def gradients(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Gradients (n, P) of all networks on the task's samples; losses go to its state."""
    results = np.empty_like(task.state.parameters)
    args, layout, workspaces, bounds = _shared_work(task, args, threads, mixed=False)
    run(
        lambda member: kernels.gradients(args, layout, workspaces[member], bounds, results),
        len(workspaces),
    )
    return results


def _shared_work(
    task: Task, args: Arguments, threads: int, mixed: bool
) -> tuple[Arguments, Layout, list[Workspace], np.ndarray]:
    """Networks in groups, layout, the threads' workspaces, and the groups' bounds."""
    lanes = group_size(task.network, len(args.networks) // threads)
    networks, bounds = groups_of(task, args.networks, lanes, threads, mixed)
    layout, counters = layout_of(task.network, lanes), np.zeros(COUNTERS, np.int64)
    rows = min(task.batch_size, int(np.diff(task.fold_start).max()))
    dtype = task.state.parameters.dtype
    workspaces = [
        kept(task, (k, lanes), lambda: workspace_of(layout, lanes, rows, dtype, counters))
        for k in range(min(threads, len(bounds) - 1))
    ]
    workspaces = [work._replace(counters=counters) for work in workspaces]
    return args._replace(networks=networks), layout, workspaces, bounds
