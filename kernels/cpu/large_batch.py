"""Few networks on large batches: teams of threads train a network each, until none is left.

Every member runs the epochs of :mod:`tiles`, takes its share of each batch's slices and of each
update, and waits for the others in between. Where other programs take cores away, all would wait
for the member that has none: then each network has one thread, until there are cores again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ..task import Network, Task
from . import tiles
from .arguments import Arguments
from .library import function
from .slices import cut
from .threads import COUNTERS, run
from .tiles import gradients
from .workspace import kept

__all__ = ["gradients", "pays", "train"]

SMALLEST_STEP = 1 << 17  # parameters times rows: waiting for each other takes less than it saves
BUSY = 1.5  # threads' worth of cores that a team must have had, or its network has one thread


def pays(network: Network, batch_size: int) -> bool:
    """Whether threads should share a network's batches rather than stand idle."""
    return cut(batch_size)[0] > 1 and network.n_parameters * batch_size >= SMALLEST_STEP


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop.

    Each thread has a network of its own as long as there are enough.
    """
    whole = len(args.networks) // threads * threads
    if whole > 0:
        tiles.train(task, args._replace(networks=args.networks[:whole]), threads)
    if whole < len(args.networks):
        _train_together(task, args._replace(networks=args.networks[whole:]), threads)


def _train_together(task: Task, args: Arguments, threads: int) -> None:
    """Train fewer networks than threads."""
    slices = cut(task.batch_size)[0]
    teams = number_of_teams(len(args.networks), slices, threads)
    team = min(threads // teams, slices)
    last = kept(task, "shares of time", lambda: [1.0])  # of each thread in the call before
    if team * min(last) < BUSY:
        members = len(args.networks)
        work = tiles.trainer(task, args, members)
    else:
        members = teams * team
        work = _in_teams(task, args, teams, team)
    last[:] = [0.0] * members
    run(lambda member: last.__setitem__(member, share_of_time(work, member)), members)


def share_of_time(work: Callable[[int], None], member: int) -> float:
    """Call ``work(member)``: for how much of its time this thread had a core."""
    before, own = time.perf_counter(), time.thread_time()
    work(member)
    return (time.thread_time() - own) / (time.perf_counter() - before)


def _in_teams(task: Task, args: Arguments, teams: int, team: int) -> Callable[[int], None]:
    """What each member of the teams calls with its number."""
    counters = np.zeros((teams, COUNTERS), np.int64)
    parts = [args._replace(networks=part) for part in np.array_split(args.networks, teams)]
    layout, workspaces = tiles.workspaces_of(task, teams * team, team)

    kernel = function(tiles.TRAIN, task.state.parameters.dtype.name)

    def work(member: int) -> None:
        own = workspaces[member]._replace(counters=counters[member // team])
        kernel(parts[member // team], layout, own)

    return work


def number_of_teams(networks: int, slices: int, threads: int) -> int:
    """How many teams are done the soonest with fewer networks than threads."""

    def rounds(teams: int) -> int:
        return -(-networks // teams) * -(-slices // (threads // teams))

    return min(range(networks, 0, -1), key=rounds)
