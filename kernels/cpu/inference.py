"""Gradients and predictions of networks whose parameters stay as they are."""

from __future__ import annotations

from .chunk import forward, gather, transpose
from .compile import internal, jit
from .panels import CHUNK, load, unpack
from .simd import fetch_add, invoke
from .threads import NEXT, barrier
from .tiles import batch_gradient


@jit
def gradients(args, lo, at, results):
    """Losses, and gradients (n, P), of networks on all samples as one batch.

    A team takes one network after the other, a thread alone those that are next.
    """
    net, order = args.net, args.epochs.order[0]
    k = 0 if at.team > 1 else fetch_add(at.shared, NEXT, 1)
    while k < args.networks.size:
        i = args.networks[k]
        load(net, args.memory, lo, at, i)
        loss, _ = batch_gradient(
            net, args.samples, args.dropout, lo, at, i, order, 0, order.size, 0
        )
        barrier(at.shared, at.team)
        if at.member == 0:
            args.stopping.losses[i, 0] = loss
            unpack(net, lo, at.w, at.common + lo.gradient, results[i])
        barrier(at.shared, at.team)
        k = k + 1 if at.team > 1 else fetch_add(at.shared, NEXT, 1)


@jit
def predict(net, inputs, memory, lo, at, link, size, results):
    """Predictions (n, samples, outputs) of networks, in blocks of ``size`` samples."""
    samples, everyone = inputs.shape[0], net.layers[:0]
    blocks = -(-samples // size)
    k = fetch_add(at.shared, NEXT, 1)
    while k < memory.parameters.shape[0] * blocks:
        i, first = k // blocks, k % blocks * size
        load(net, memory, lo, at, i)
        for start in range(first, min(first + size, samples), CHUNK):
            rows = min(CHUNK, samples - start)
            gather(lo, at, inputs, everyone, start, rows, net.bias)
            forward(net, lo, at, rows)
            write_predictions(net, lo, at, link, results[i], start, rows)
        k = fetch_add(at.shared, NEXT, 1)


@internal
def write_predictions(net, lo, at, link, result, start, rows):
    w, outputs, stride = at.w, net.layers[-1], lo.strides[-1]
    z, block = at.private + lo.values[-1], at.private + lo.loss
    transpose(w[z : z + rows * stride], stride, w[block:], rows, rows, outputs)
    if link:
        scratch = block + 2 * outputs * rows
        invoke(link, w, block, block, block, block, scratch, outputs, rows, 0.0)
    for r in range(rows):
        for o in range(outputs):
            result[start + r, o] = w[block + o * rows + r]
