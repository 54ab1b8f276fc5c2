"""Forward pass, loss and backward pass of a group's networks, in chunks of a batch."""

from __future__ import annotations

from ..batch import chunk_of, sample_of
from ..compile import inline, internal
from ..dropout import MASK, advance, apply_mask, set_mask
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
from .layout import LOSS, NETWORK


@internal
def batch_gradient(net, data, dropout, layout, work, batch):
    """Set the lanes' LOSS to the losses of a batch, and compute its gradient."""
    work.lane_floats[LOSS] = 0.0
    for position in range(0, batch.rows, layout.chunk_rows):
        chunk = chunk_of(batch, position, layout.chunk_rows)
        gather(net, layout, work, data, chunk)
        for layer in range(net.layers.size - 1):
            forward_layer(net, layout, work, chunk.rows, layer)
            if dropout.p.shape[1] and layer < net.activations.size:
                apply_dropout(net, dropout, layout, work, layer + 1, chunk, position)
        compute_loss(net, layout, work, data, chunk)
        backward(net, layout, work, chunk.rows, position > 0)


@internal
def batch_loss(net, data, layout, work, batch):
    """Set the lanes' LOSS to the losses of a batch, without dropout."""
    work.lane_floats[LOSS] = 0.0
    for position in range(0, batch.rows, layout.chunk_rows):
        chunk = chunk_of(batch, position, layout.chunk_rows)
        gather(net, layout, work, data, chunk)
        for layer in range(net.layers.size - 1):
            forward_layer(net, layout, work, chunk.rows, layer)
        compute_loss(net, layout, work, data, chunk)


@inline
def gather(net, layout, work, data, chunk):
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
def fill(work, start, value):
    """Set all lanes to one number."""
    for first in range(start, start + work.lanes, LANES):
        set_vector(work.numbers, first, value)


@inline
def forward_layer(net, layout, work, rows, layer):
    """Values of a layer, and slopes of a hidden layer's activation."""
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[layer + 1]
    depth = net.layers[layer] + net.bias
    z, size = layout.values[layer + 1], outputs * rows * lanes
    left, row_step, column_step = VECTOR, lanes, rows * lanes
    if layer == 0:
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
    width, rows, lanes = net.layers[layer], chunk.rows, work.lanes
    for lane in range(lanes):
        mask, i = layout.masks + lane // LANES * MASK, work.lane_ints[NETWORK, lane]
        set_mask(
            work.numbers, mask, lane % LANES, dropout, i, chunk.step, layer - 1, position * width
        )
    for vector in range(lanes // LANES):
        mask = layout.masks + vector * MASK
        for k in range(width):
            offset = k * rows * lanes + vector * LANES
            value, slope = layout.values[layer] + offset, layout.slopes[layer] + offset
            apply_mask(work.numbers, value, slope, rows, lanes, mask, advance(k), advance(width))


@inline
def compute_loss(net, layout, work, data, chunk):
    """Add a chunk's losses to the lanes' LOSS, and put their derivatives where its outputs were."""
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[-1]
    scale = layout.loss + outputs * chunk.rows * lanes
    loss = scale + chunk.rows * lanes
    scratch = loss + chunk.rows * lanes
    for r in range(chunk.rows):
        weight = data.weights[sample_of(chunk, r)] * chunk.share
        fill(work, scale + r * lanes, numbers.dtype.type(weight))
    invoke(
        net.loss, numbers, layout.values[-1], layout.loss, scale, loss, scratch,
        outputs, chunk.rows * lanes, net.loss_parameter,
    )  # fmt: skip
    for r in range(chunk.rows):
        for lane in range(0, lanes, LANES):
            add_vector(work.lane_floats, LOSS * lanes + lane, numbers, loss + r * lanes + lane)


@inline
def backward(net, layout, work, rows, add):
    """Set the gradient from the derivatives of a chunk's losses, or add to it."""
    numbers, lanes, groups = work.numbers, work.lanes, work.lanes // LANES
    delta = Matrix(layout.values[-1], lanes, rows * lanes)
    for layer in range(net.layers.size - 2, -1, -1):
        outputs, depth = net.layers[layer + 1], net.layers[layer] + net.bias
        left, row_step, column_step = VECTOR, rows * lanes, lanes
        if layer == 0:
            left, row_step, column_step = BROADCAST, 1, depth
        values = Matrix(layout.values[layer], row_step, column_step)
        start = layout.gradient + layout.weights[layer] - layout.weights[0]
        gradient, shape = Matrix(start, outputs * lanes, lanes), (depth, outputs, rows)
        mode = ADD if add else SET
        call_multiply(net.multiply, numbers, shape, gradient, left, values, delta, mode, groups)
        if layer > 0:
            slopes = Matrix(layout.slopes[layer], lanes, rows * lanes)
            weights = Matrix(layout.weights[layer], lanes, outputs * lanes)
            left, shape = VECTOR, (rows, net.layers[layer], outputs)
            call_multiply(net.multiply, numbers, shape, slopes, left, delta, weights, SCALE, groups)
            delta = slopes
