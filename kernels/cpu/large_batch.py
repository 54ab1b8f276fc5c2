"""Few networks on large batches: a team of threads trains one after the other.

Every member runs the same epochs as :mod:`tiles` does, takes its share of each batch's slices and
of each update, and waits for the others in between.
"""

from __future__ import annotations

from .compile import jit
from .tiles import train_network


@jit
def train(args, lo, at):
    """Train all networks, together with the other members of the team."""
    for k in range(args.networks.size):
        train_network(args, lo, at, args.networks[k])
