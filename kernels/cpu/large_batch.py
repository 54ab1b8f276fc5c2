"""Few networks on large batches: a team of threads trains one after the other.

Every member runs the epochs of :mod:`tiles`, takes its share of each batch's slices and of each
update, and waits for the others in between.
"""

from __future__ import annotations

from ..task import Task
from .arguments import Arguments
from .compile import jit
from .subnormals import flush_subnormals, restore_mode
from .threads import run
from .tiles import gradients, workspaces_of
from .tiles.epochs import train_network

__all__ = ["gradients", "train"]


def train(task: Task, args: Arguments, threads: int) -> None:
    """Train some networks of a task until they end or stop."""
    layout, workspaces = workspaces_of(task, threads, team=threads)
    run(lambda member: train_together(args, layout, workspaces[member]), threads)


@jit
def train_together(args, layout, work):
    """Train all networks, together with the other members of the team."""
    mode = flush_subnormals()
    for k in range(args.networks.size):
        train_network(args, layout, work, args.networks[k])
    restore_mode(mode)
