"""The compiled functions that threads call: networks are taken until none is left."""

from __future__ import annotations

from ..batch import Batch, batch_of
from ..compile import inline, internal
from ..processor import LANES
from ..simd import fetch_add, invoke
from ..slices import CHUNK
from ..subnormals import flush_subnormals, restore_mode
from ..threads import NEXT
from .epochs import train_network
from .gradient import batch_gradient, forward, gather, transpose, whole_vectors
from .panels import load, unpack


def train(args, layout, work):
    """Train networks until they end or stop; members of a team train each of theirs together."""
    mode = flush_subnormals()
    k = following(work, -1)
    while k < args.networks.size:
        train_network(args, layout, work, args.networks[k])
        k = following(work, k)
    restore_mode(mode)


@inline
def following(work, k):
    """The next network of a team, or the next that no thread has taken."""
    return k + 1 if work.team > 1 else fetch_add(work.counters, NEXT, 1)


def gradients(args, layout, work, results):
    """Losses, and gradients (n, P), of networks on all samples as one batch."""
    mode, net, order = flush_subnormals(), args.net, args.epochs.order[0]
    batch = batch_of(net, args.samples, order, 0, order.size, 0)
    k = fetch_add(work.counters, NEXT, 1)
    while k < args.networks.size:
        i = args.networks[k]
        load(net, args.memory, layout, work, i)
        args.stopping.losses[i, 0] = batch_gradient(
            net, args.samples, args.dropout, layout, work, i, batch
        )
        unpack(net, layout, work.numbers, layout.gradient, results[i])
        k = fetch_add(work.counters, NEXT, 1)
    restore_mode(mode)


def predict(net, memory, inputs, inverse_link, size, layout, work, results):
    """Predictions (n, samples, outputs) of networks, in blocks of ``size`` samples."""
    mode, samples, as_they_are = flush_subnormals(), inputs.shape[0], net.layers[:0]
    blocks = -(-samples // size)
    k = fetch_add(work.counters, NEXT, 1)
    while k < results.shape[0] * blocks:
        i, first = k // blocks, k % blocks * size
        load(net, memory, layout, work, i)
        for start in range(first, min(first + size, samples), CHUNK):
            chunk = Batch(as_they_are, start, min(CHUNK, samples - start), 0, 0.0, 0.0)
            gather(net, layout, work, inputs, chunk)
            forward(net, layout, work, chunk.rows)
            write_predictions(net, inverse_link, layout, work, results[i, start:], chunk.rows)
        k = fetch_add(work.counters, NEXT, 1)
    restore_mode(mode)


@internal
def write_predictions(net, inverse_link, layout, work, results, rows):
    """Predictions from the values of the last layer."""
    numbers, outputs, count = work.numbers, net.layers[-1], whole_vectors(rows)
    z, block, width = work.own + layout.values[-1], work.own + layout.loss, layout.blocks[-1]
    transpose(numbers, z, layout.strides[-1], block, count, count, width * LANES)
    if inverse_link:
        scratch = block + width * LANES * count
        invoke(inverse_link, numbers, block, block, block, block, scratch, outputs, count, 0.0)
    for r in range(rows):
        for o in range(outputs):
            results[r, o] = numbers[block + o * count + r]
