"""Which networks are trained side by side, and which one by one: a group costs as much for one.

Tiles and lanes add in the same order, so bits do not depend on it.
"""

from __future__ import annotations

import numpy as np

from ...task import Network, Task, distinct
from ..processor import LANES
from ..workspace import kept

# While a group of LANES takes its steps, tiles train about two of the tiniest networks, and one
# more for every so many parameters, up to MOST_ALONE: wider layers fill more of tiles' vectors.
PARAMETERS_ALONE, MOST_ALONE = 120, 6


def grouped(task: Task, networks: int, lanes: int, threads: int) -> int:
    """How many of a task's networks are trained in groups of lanes; tiles train the rest."""
    if not kept(task, "as tiles", lambda: as_tiles(task)):
        return networks
    alone = networks_alone(task.network) * lanes // LANES
    return min(networks, lanes * best_groups(networks, lanes, threads, alone))


def as_tiles(task: Task) -> bool:
    """Whether a task's networks get the same bits from lanes as from tiles.

    They do not where steps take one sample each, whose losses are added up otherwise, nor where
    gradients are clipped.
    """
    clip_norms = distinct(task.optimizer.penalties)[:, 2:]
    return (task.batch_size > 1 or task.summed) and not (clip_norms < np.inf).any()


def networks_alone(network: Network) -> int:
    """How many networks tiles train, one after the other, in the time of a group of LANES."""
    return min(MOST_ALONE, 2 + network.n_parameters // PARAMETERS_ALONE)


def best_groups(networks: int, lanes: int, threads: int, alone: int) -> int:
    """So many groups first, and the other networks one by one, and threads are done the soonest.

    A group takes as long as ``alone`` networks one by one. Threads have the same number of groups,
    but for those of the last round.
    """
    rounds = networks // (lanes * threads)
    left = networks - rounds * threads * lanes

    def cost(groups: int) -> tuple[int, int]:
        work = groups * alone + max(0, left - groups * lanes)
        return max(alone * (groups > 0), -(-work // threads)), work

    return rounds * threads + min(range(-(-left // lanes) + 1), key=cost)
