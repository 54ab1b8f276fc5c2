"""Tiny networks side by side: each number of a network is a lane of one or more vectors.

Every product is of vectors; what belongs to no network alone, inputs that a group shares, is
broadcast. A lane never looks at another, so a network's bits do not depend on its neighbours, nor
on how many there are. The tiniest networks share more than one vector: a call of their products
takes longer than the products of a single one. Networks that would leave most lanes of a group
empty are trained one by one, by tiles, or by teams of threads where their batches are large.
"""

from __future__ import annotations

import numpy as np

from ...task import Task
from .. import large_batch, tiles
from ..arguments import ARGUMENTS, Arguments
from ..entry import Entry
from ..library import function
from ..slices import cut
from ..structs import Signature
from ..threads import COUNTERS, run
from ..workspace import kept
from .grouping import MOST_LANES, group_size, groups_of
from .layout import LAYOUT, WORKSPACE, Layout, Workspace, layout_of, workspace_of
from .online import ONLINE, online_of
from .sharing import grouped

TRAIN = Entry(
    "lanes.kernels",
    "train",
    Signature(ARGUMENTS, ONLINE, LAYOUT, WORKSPACE, "int64[:]"),
    seconds=9.0,
)
GRADIENTS = Entry(
    "lanes.kernels",
    "gradients",
    Signature(ARGUMENTS, LAYOUT, WORKSPACE, "int64[:]", "real[:,:]"),
    seconds=4.0,
)

__all__ = ["GRADIENTS", "MOST_LANES", "TRAIN", "gradients", "train"]


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop."""
    networks = args.networks  # one over is left alone, and no reason for larger groups
    lanes = group_size(task.network, (len(networks) - 1) // threads)
    count = grouped(task, len(networks), lanes, threads)
    if count == 0:
        pays = large_batch.pays(task.network, task.batch_size)
        return (large_batch if pays else tiles).train(task, args, threads)
    online = kept(task, "online", lambda: online_of(task))
    # Online steps are shorter than it takes to bring samples to lanes; and lanes with batches of
    # their own cannot cut them.
    mixed = online.steps == 0 and cut(task.batch_size)[0] == 1
    first = args._replace(networks=networks[:count])
    beside, layout, workspaces, bounds = _shared_work(task, first, lanes, threads, mixed)
    kernel = function(TRAIN, task.state.parameters.dtype.name)
    members, alone = min(threads, len(bounds) - 1 + len(networks) - count), None
    if count < len(networks):
        alone = tiles.trainer(task, args._replace(networks=networks[count:]), members)

    def train_some(member: int) -> None:
        if member < len(workspaces):
            kernel(beside, online, layout, workspaces[member], bounds)
        if alone:
            alone(member)

    return run(train_some, members)


def gradients(task: Task, args: Arguments, threads: int) -> np.ndarray:
    """Gradients (n, P) of all networks on the task's samples; losses go to its state."""
    results = np.empty_like(task.state.parameters)
    lanes = group_size(task.network, len(args.networks) // threads)
    args, layout, workspaces, bounds = _shared_work(task, args, lanes, threads, mixed=False)
    kernel = function(GRADIENTS, results.dtype.name)
    run(
        lambda member: kernel(args, layout, workspaces[member], bounds, results),
        len(workspaces),
    )
    return results


def _shared_work(
    task: Task, args: Arguments, lanes: int, threads: int, mixed: bool
) -> tuple[Arguments, Layout, list[Workspace], np.ndarray]:
    """Networks in groups, layout, the threads' workspaces, and the groups' bounds."""
    networks, bounds = groups_of(task, args.networks, lanes, threads, mixed)
    layout = layout_of(task.network, lanes)
    counters, dtype = np.zeros(COUNTERS, np.int64), task.state.parameters.dtype
    rows = min(task.batch_size, int(np.diff(task.fold_start).max()))
    workspaces = [
        kept(task, ("lanes", k, lanes), lambda: workspace_of(layout, lanes, rows, dtype, counters))
        for k in range(min(threads, len(bounds) - 1))
    ]
    workspaces = [work._replace(counters=counters) for work in workspaces]
    return args._replace(networks=networks), layout, workspaces, bounds
