"""Forward pass, loss and backward pass of a group's networks, in chunks of a batch."""

from __future__ import annotations

from ..batch import chunk_of, cut, sample_of
from ..compile import inline, internal
from ..dropout import advance, apply_mask, set_mask
from ..simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    SET,
    VECTOR,
    Matrix,
    add_vector,
    call_multiply,
    invoke,
    set_vector,
)
from ..workspace import MASK
from .group import bring_back_gradients, keep_gradients
from .layout import LOSS, NETWORK, SHARE, SLICE_LOSS, STEP
from .samples import gather, rows_together


@internal
def batch_gradient(net, data, dropout, layout, work, batch, own):
    """Set the lanes' LOSS to the losses of a batch, and compute its gradient.

    The batch is that of all lanes, or ``own`` says that each has its own, which is not cut.
    """
    _, rows = cut(batch.rows)
    work.lane_floats[LOSS] = 0.0
    for first in range(0, batch.rows, rows):
        end = min(first + rows, batch.rows)
        slice_gradient(net, data, dropout, layout, work, batch, own, first, end)
        add_slice_loss(work)
        if first:
            add_slice(layout, work)


@internal
def slice_gradient(net, data, dropout, layout, work, batch, own, first, end):
    """Loss and gradient of some rows of a batch; that of later slices is where snapshots are."""
    gradient, most = layout.gradient, layout.own_rows if own else layout.chunk_rows
    if first:
        gradient = layout.snapshot
    work.lane_floats[SLICE_LOSS] = 0.0
    position = first
    while position < end:
        rows = min(most, end - position)
        if own:
            rows = rows_together(work, position, rows)
        chunk = chunk_of(batch, position, rows)
        if own:
            gather_own(net, layout, work, data, rows, position)
        else:
            gather_shared(net, layout, work, data, chunk)
        for layer in range(net.layers.size - 1):
            forward_layer(net, layout, work, chunk.rows, layer, own)
            if dropout.p.shape[1] and layer < net.activations.size:
                apply_dropout(net, dropout, layout, work, layer + 1, chunk, position)
        if own:
            weigh_own(net, layout, work, position, rows)
        else:
            weigh_shared(net, layout, work, data, chunk)
        compute_loss(net, layout, work, rows)
        backward(net, layout, work, rows, gradient, position > first, own)
        position += rows
        if own and position < end:
            keep_gradients(layout, work, position)
    if own:
        bring_back_gradients(layout, work, end)


@internal
def batch_loss(net, data, layout, work, batch):
    """Set the lanes' LOSS to the losses of a batch, without dropout."""
    _, rows = cut(batch.rows)
    work.lane_floats[LOSS] = 0.0
    for first in range(0, batch.rows, rows):
        end = min(first + rows, batch.rows)
        work.lane_floats[SLICE_LOSS] = 0.0
        for position in range(first, end, layout.chunk_rows):
            chunk = chunk_of(batch, position, min(layout.chunk_rows, end - position))
            gather_shared(net, layout, work, data, chunk)
            for layer in range(net.layers.size - 1):
                forward_layer(net, layout, work, chunk.rows, layer, False)
            weigh_shared(net, layout, work, data, chunk)
            compute_loss(net, layout, work, chunk.rows)
        add_slice_loss(work)


@inline
def add_slice_loss(work):
    """Add a slice's losses to those of its batch."""
    loss, part = work.lane_floats[LOSS], work.lane_floats[SLICE_LOSS]
    for lane in range(work.lanes):
        loss[lane] += part[lane]


@internal
def add_slice(layout, work):
    """Add the gradient of a slice to that of the slices before it."""
    size = layout.weights[-1] - layout.weights[0]
    total = work.numbers[layout.gradient : layout.gradient + size]
    part = work.numbers[layout.snapshot : layout.snapshot + size]
    for q in range(size):
        total[q] += part[q]


@inline
def gather_shared(net, layout, work, data, chunk):
    """Copy a chunk's inputs, with a 1 after each sample's for the biases, and its targets."""
    numbers, outputs = work.numbers, net.layers[-1]
    inputs, stride = net.layers[0], net.layers[0] + net.bias
    labels = data.targets.shape[1] < outputs
    for r in range(chunk.rows):
        row = sample_of(chunk, r)
        copied, sample = numbers[layout.values[0] + r * stride :][:stride], data.inputs[row]
        for k in range(inputs):
            copied[k] = sample[k]
        if net.bias:
            copied[inputs] = 1
        for o in range(outputs):
            indicator = numbers.dtype.type(1 if data.targets[row, 0] == o else 0)
            target = indicator if labels else data.targets[row, o]
            fill(work, layout.loss + (o * chunk.rows + r) * work.lanes, target)


@inline
def gather_own(net, layout, work, data, rows, position):
    """As :func:`gather_shared`, for lanes with samples of their own: inputs are vectors.

    The chunk begins at row ``position`` of the lanes' batches.
    """
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[-1]
    inputs, depth = net.layers[0], net.layers[0] + net.bias
    start, size = layout.values[0], rows * lanes
    gather(numbers, work, data.inputs, position, rows, start, depth * lanes, lanes)
    if net.bias:
        for r in range(rows):
            fill(work, start + (r * depth + inputs) * lanes, numbers.dtype.type(1))
    if data.targets.shape[1] == outputs:
        gather(numbers, work, data.targets, position, rows, layout.loss, lanes, size)
        return
    start = layout.loss + outputs * size  # where weights will be
    gather(numbers, work, data.targets, position, rows, start, lanes, size)
    labels = numbers[start:][:size]
    for o in range(outputs):
        indicators = numbers[layout.loss + o * size :][:size]
        for q in range(size):
            indicators[q] = 1 if labels[q] == o else 0


@inline
def fill(work, start, value):
    """Set all lanes to one number."""
    for first in range(start, start + work.lanes, LANES):
        set_vector(work.numbers, first, value)


@inline
def forward_layer(net, layout, work, rows, layer, own):
    """Values of a layer, and slopes of a hidden layer's activation.

    Inputs are numbers for all lanes, or the lanes' ``own``.
    """
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[layer + 1]
    depth = net.layers[layer] + net.bias
    z, size = layout.values[layer + 1], outputs * rows * lanes
    left, row_step, column_step = VECTOR, lanes, rows * lanes
    if layer == 0 and own:
        row_step, column_step = depth * lanes, lanes
    elif layer == 0:
        left, row_step, column_step = BROADCAST, depth, 1
    values = Matrix(layout.values[layer], row_step, column_step)
    weights = Matrix(layout.weights[layer], outputs * lanes, lanes)
    result, shape = Matrix(z, lanes, rows * lanes), (rows, outputs, depth)
    call_multiply(net.multiply, numbers, shape, result, left, values, weights, SET, lanes // LANES)
    if layer < net.activations.size:
        slope = layout.slopes[layer + 1]
        invoke(net.activations[layer], numbers, z, slope, z, z, z, size, 0, 0.0)
        if net.bias:
            for r in range(rows):
                fill(work, z + size + r * lanes, numbers.dtype.type(1))


@internal
def apply_dropout(net, dropout, layout, work, layer, chunk, position):
    """Multiply a chunk's hidden values and slopes with their masks.

    The chunk begins at row ``position`` of its batch.
    """
    width, rows, lanes, ints = net.layers[layer], chunk.rows, work.lanes, work.lane_ints
    for lane in range(lanes):
        mask, i, step = layout.masks + lane // LANES * MASK, ints[NETWORK, lane], ints[STEP, lane]
        set_mask(work.numbers, mask, lane % LANES, dropout, i, step, layer - 1, position * width)
    for vector in range(lanes // LANES):
        mask = layout.masks + vector * MASK
        for k in range(width):
            offset = k * rows * lanes + vector * LANES
            value, slope = layout.values[layer] + offset, layout.slopes[layer] + offset
            apply_mask(work.numbers, value, slope, rows, lanes, mask, advance(k), advance(width))


@inline
def weigh_shared(net, layout, work, data, chunk):
    """Set what the samples of a chunk count, which follows its targets."""
    scale = layout.loss + net.layers[-1] * chunk.rows * work.lanes
    for r in range(chunk.rows):
        weight = data.weights[sample_of(chunk, r)] * chunk.share
        fill(work, scale + r * work.lanes, work.numbers.dtype.type(weight))


@inline
def weigh_own(net, layout, work, position, rows):
    """As :func:`weigh_shared`, for rows of the lanes' own batches from a position on."""
    lanes, shares = work.lanes, work.lane_floats[SHARE]
    scale = layout.loss + net.layers[-1] * rows * lanes
    for r in range(rows):
        scales = work.numbers[scale + r * lanes :][:lanes]
        weights = work.weights[(position + r) * lanes :][:lanes]
        for lane in range(lanes):
            scales[lane] = weights[lane] * shares[lane]


@inline
def compute_loss(net, layout, work, rows):
    """Add a chunk's losses to the lanes' SLICE_LOSS; their derivatives take its outputs' place."""
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[-1]
    scale = layout.loss + outputs * rows * lanes
    loss = scale + rows * lanes
    scratch = loss + rows * lanes
    invoke(
        net.loss, numbers, layout.values[-1], layout.loss, scale, loss, scratch,
        outputs, rows * lanes, net.loss_parameter,
    )  # fmt: skip
    for r in range(rows):
        for lane in range(0, lanes, LANES):
            target = SLICE_LOSS * lanes + lane
            add_vector(work.lane_floats, target, numbers, loss + r * lanes + lane)


@inline
def backward(net, layout, work, rows, total, add, own):
    """Set the gradient at ``total`` from the derivatives of a chunk's losses, or add to it.

    Inputs are numbers for all lanes, or the lanes' ``own``.
    """
    numbers, lanes, groups = work.numbers, work.lanes, work.lanes // LANES
    delta = Matrix(layout.values[-1], lanes, rows * lanes)
    for layer in range(net.layers.size - 2, -1, -1):
        outputs, depth = net.layers[layer + 1], net.layers[layer] + net.bias
        left, row_step, column_step = VECTOR, rows * lanes, lanes
        if layer == 0 and own:
            row_step, column_step = lanes, depth * lanes
        elif layer == 0:
            left, row_step, column_step = BROADCAST, 1, depth
        values = Matrix(layout.values[layer], row_step, column_step)
        start = total + layout.weights[layer] - layout.weights[0]
        gradient, shape = Matrix(start, outputs * lanes, lanes), (depth, outputs, rows)
        mode = ADD if add else SET
        call_multiply(net.multiply, numbers, shape, gradient, left, values, delta, mode, groups)
        if layer > 0:
            slopes = Matrix(layout.slopes[layer], lanes, rows * lanes)
            weights = Matrix(layout.weights[layer], lanes, outputs * lanes)
            left, shape = VECTOR, (rows, net.layers[layer], outputs)
            call_multiply(net.multiply, numbers, shape, slopes, left, delta, weights, SCALE, groups)
            delta = slopes
