"""Which samples are computed together: a batch, or a chunk of its rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import slices
from .compile import inline, internal
from .scalars import own_row

cut = internal(slices.cut)


class Batch(NamedTuple):
    """The samples in rows ``start`` to ``start + rows`` of an order, or of the data if it is empty.

    A chunk has the step, the weight and the share of its batch.
    """

    order: np.ndarray
    start: int
    rows: int
    step: int  # of the whole fit: dropout draws by it
    weight: float  # of all samples together
    share: float  # what a sample of weight 1 counts in the loss


@inline
def batch_of(net, data, order, start, rows, step):
    """A batch, whose loss is the mean over its samples by their weights."""
    weight = 0.0
    for r in range(start, start + rows):
        weight += data.weights[order[r] if order.size else r]
    return weighed(net, order, start, rows, step, weight)


@inline
def weighed(net, order, start, rows, step, weight):
    """As :func:`batch_of`, with the weight of all its samples together."""
    share = net.output_share / weight if weight > 0 else 0.0
    return Batch(order, start, rows, step, weight, share)


@inline
def chunk_of(batch, position, most):
    """At most so many rows of a batch, from one of its rows on."""
    rows = min(most, batch.rows - position)
    return Batch(batch.order, batch.start + position, rows, batch.step, batch.weight, batch.share)


@inline
def sample_of(batch, row):
    """The sample in a row of a batch."""
    return batch.order[batch.start + row] if batch.order.size else batch.start + row


@inline
def batch_weights(epochs, batch):
    """What a batch counts in the mean of its epoch, and what penalties count in its step."""
    if epochs.summed:
        return float(batch.rows), 1.0 / batch.weight if batch.weight > 0 else 0.0
    return batch.weight, 1.0


@inline
def order_of(epochs, i, epoch):
    """The samples that network i is trained on in an epoch, in their order."""
    first, end = rows_of(epochs, i)
    return epochs.order[epoch % epochs.order.shape[0]][first:end]


@inline
def rows_of(epochs, i):
    """Where network i's rows begin and end in the order of an epoch."""
    fold = epochs.fold[own_row(epochs.fold, i)]
    return epochs.fold_start[fold], epochs.fold_start[fold + 1]
