"""Few networks on large batches: teams of threads train a network each, until none is left.

Every member runs the epochs of :mod:`tiles`, takes its share of each batch's slices and of each
update, and waits for the others in between.
"""

from __future__ import annotations

import numpy as np

from ..task import Network, Task
from . import tiles
from .arguments import Arguments
from .batch import cut
from .compile import jit
from .threads import COUNTERS, run
from .tiles import gradients
from .tiles.epochs import train_network

__all__ = ["gradients", "pays", "train"]

SMALLEST_STEP = 1 << 18  # parameters times rows: waiting for each other takes less than it saves


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
        _train_in_teams(task, args._replace(networks=args.networks[whole:]), threads)


def _train_in_teams(task: Task, args: Arguments, threads: int) -> None:
    slices = cut(task.batch_size)[0]
    teams = number_of_teams(len(args.networks), slices, threads)
    team = min(threads // teams, slices)
    counters = np.zeros((teams, COUNTERS), np.int64)
    parts = [args._replace(networks=part) for part in np.array_split(args.networks, teams)]
    layout, workspaces = tiles.workspaces_of(task, teams * team, team)

    def work(member: int) -> None:
        own = workspaces[member]._replace(counters=counters[member // team])
        train_together(parts[member // team], layout, own)

    run(work, teams * team)


def number_of_teams(networks: int, slices: int, threads: int) -> int:
    """How many teams are done the soonest with fewer networks than threads."""

    def rounds(teams: int) -> int:
        return -(-networks // teams) * -(-slices // (threads // teams))

    return min(range(networks, 0, -1), key=rounds)


@jit
def train_together(args, layout, work):
    """Train all networks, together with the other members of the team."""
    for k in range(args.networks.size):
        train_network(args, layout, work, args.networks[k])
