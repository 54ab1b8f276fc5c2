"""Which networks share a group.

Networks of one fold share their samples, which are broadcast. Where folds leave groups with lanes
that nobody uses, networks of several share a group, each with samples of its own.
"""

from __future__ import annotations

import numpy as np

from ...task import Network, Task
from ..processor import LANES

MOST_LANES = 8 * LANES
GROUP_PARAMETERS = 2048  # of a group of more than LANES networks: they stay in L1


def group_size(network: Network, networks: int) -> int:
    """Networks side by side: LANES, or more of the tiniest where there are enough."""
    lanes = MOST_LANES
    while lanes > LANES and (
        network.n_parameters * lanes > GROUP_PARAMETERS or lanes // 2 >= networks
    ):
        lanes //= 2
    return lanes


def groups_of(
    task: Task, networks: np.ndarray, lanes: int, threads: int, mixed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Networks, in the order of their groups, and where groups begin, then the last one's end.

    Networks of one fold are beside each other. A network's lane, and its neighbours, make no
    difference to its bits. Only where ``mixed`` is true can folds share a group.
    """
    count = len(networks)
    full = np.append(np.arange(0, count, lanes), count)
    if len(task.fold_start) == 2 or count == 1:
        return networks, full
    fold = task.fold[networks]
    begins = np.flatnonzero(np.diff(fold, prepend=-1))
    sizes = np.diff(begins, append=count)
    place = np.arange(count) - np.repeat(begins, sizes)  # in its fold
    turns = _turns(len(full) - 1, threads)
    if not mixed or _turns(np.sum(-(-sizes // lanes)), threads) == turns:
        return networks, np.append(np.flatnonzero(place % lanes == 0), count)
    # Whole groups of one fold come first. What is left of folds is in the order of their rows, so
    # that networks of a group wait for each other as little as may be.
    left = place >= np.repeat(sizes // lanes * lanes, sizes)
    rows = np.diff(task.fold_start)[fold[left]]
    rest = networks[left][np.argsort(-rows, kind="stable")]
    networks = np.concatenate([networks[~left], rest])
    networks.flags.writeable = False  # as those that were given: Numba would compile anew
    return networks, full


def _turns(groups: int, threads: int) -> int:
    """How often threads take a group, if none is done before the others."""
    return -(-groups // threads)
