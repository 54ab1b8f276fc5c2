"""The compiled functions that threads call: each takes the next group until none is left.

A group's networks are those between two of ``bounds``.
"""

from __future__ import annotations

from ...task import RUNNING
from ..batch import batch_of
from ..compile import internal
from ..simd import fetch_add
from ..subnormals import flush_subnormals, restore_mode
from ..threads import NEXT
from .epochs import run_epochs
from .gradient import batch_gradient
from .group import assign, load
from .layout import IDLE, LOSS, NETWORK, STATUS, SUSPECT


def train(args, online, layout, work, bounds):
    """Train networks until they end or stop."""
    mode = flush_subnormals()
    k = fetch_add(work.counters, NEXT, 1)
    while k < bounds.size - 1:
        assign(work, args.networks, bounds[k], bounds[k + 1])
        for careful in (False, True):
            load(args.memory, layout, work)
            run_epochs(args, online, layout, work, careful)
            if not resume_suspects(work):
                break
        k = fetch_add(work.counters, NEXT, 1)
    restore_mode(mode)


@internal
def resume_suspects(work):
    """Let lanes run that are SUSPECT, and no others; says whether there are any."""
    any_suspect = False
    for lane in range(work.lanes):
        suspect = work.lane_ints[STATUS, lane] == SUSPECT
        work.lane_ints[STATUS, lane] = RUNNING if suspect else IDLE
        any_suspect = any_suspect or suspect
    return any_suspect


def gradients(args, layout, work, bounds, results):
    """Losses, and gradients (n, P), of networks on all samples as one batch."""
    mode, net, order = flush_subnormals(), args.net, args.epochs.order[0]
    batch = batch_of(net, args.samples, order, 0, order.size, 0)
    k = fetch_add(work.counters, NEXT, 1)
    while k < bounds.size - 1:
        assign(work, args.networks, bounds[k], bounds[k + 1])
        load(args.memory, layout, work)
        batch_gradient(net, args.samples, args.dropout, layout, work, batch, False)
        for lane in range(work.lanes):
            if work.lane_ints[STATUS, lane] == RUNNING:
                i = work.lane_ints[NETWORK, lane]
                args.stopping.losses[i, 0] = work.lane_floats[LOSS, lane]
                for q in range(net.starts[-1]):
                    results[i, q] = work.numbers[layout.gradient + q * work.lanes + lane]
        k = fetch_add(work.counters, NEXT, 1)
    restore_mode(mode)
