"""Forward pass, loss and backward pass of a group's networks, in chunks of a batch."""

from __future__ import annotations

from ..batch import chunk_of, sample_of
from ..compile import inline, internal
from ..dropout import layer_mask, mask_factor
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
    """Losses of a batch go to the lanes' LOSS, its gradient to the layout's."""
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
    """Losses of a batch, without dropout, go to the lanes' LOSS."""
    work.lane_floats[LOSS] = 0.0
    for position in range(0, batch.rows, layout.chunk_rows):
        chunk = chunk_of(batch, position, layout.chunk_rows)
        gather(net, layout, work, data, chunk)
        for layer in range(net.layers.size - 1):
            forward_layer(net, layout, work, chunk.rows, layer)
        compute_loss(net, layout, work, data, chunk)


@inline
def gather(net, layout, work, data, chunk):
    """Copy inputs, with a 1 behind each sample's where there are biases; targets to all lanes."""
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
    """Values of a layer; slopes too of a hidden one."""
    numbers, lanes, outputs = work.numbers, work.lanes, net.layers[layer + 1]
    depth = net.layers[layer] + net.bias
    z, size = layout.values[layer + 1], outputs * rows * lanes
    left, row_step, column_step = VECTOR, lanes, rows * lanes
    if layer == 0:
        left, row_step, column_step = BROADCAST, depth, 1
    call_multiply(
        net.multiply,
        numbers,
        (rows, outputs, depth),
        Matrix(z, lanes, rows * lanes),
        left,
        Matrix(layout.values[layer], row_step, column_step),
        Matrix(layout.weights[layer], outputs * lanes, lanes),
        SET,
        lanes // LANES,
    )
    if layer < net.activations.size:
        slope = layout.slopes[layer + 1]
        invoke(net.activations[layer], numbers, z, slope, z, z, z, size, 0, 0.0)
        if net.bias:
            for r in range(rows):
                fill(work, z + size + r * lanes, numbers.dtype.type(1))


@internal
def apply_dropout(net, dropout, layout, work, layer, chunk, position):
    """Multiply a chunk's hidden values and slopes with their mask; it begins at ``position``."""
    width, rows = net.layers[layer], chunk.rows
    for lane in range(work.lanes):
        mask = layer_mask(dropout, work.lane_ints[NETWORK, lane], chunk.step, layer - 1)
        for k in range(width):
            for r in range(rows):
                factor = mask_factor(mask, (position + r) * width + k)
                offset = (k * rows + r) * work.lanes + lane
                work.numbers[layout.values[layer] + offset] *= factor
                work.numbers[layout.slopes[layer] + offset] *= factor


@inline
def compute_loss(net, layout, work, data, chunk):
    """Add a chunk's losses to the lanes' LOSS; outputs become the loss's slopes by them."""
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
    """Gradient of a chunk from the slopes by its outputs, set or added."""
    lanes, delta = work.lanes, layout.values[-1]
    for layer in range(net.layers.size - 2, -1, -1):
        outputs, depth = net.layers[layer + 1], net.layers[layer] + net.bias
        left, row_step, column_step = VECTOR, rows * lanes, lanes
        if layer == 0:
            left, row_step, column_step = BROADCAST, 1, depth
        gradient = layout.gradient + layout.weights[layer] - layout.weights[0]
        call_multiply(
            net.multiply,
            work.numbers,
            (depth, outputs, rows),
            Matrix(gradient, outputs * lanes, lanes),
            left,
            Matrix(layout.values[layer], row_step, column_step),
            Matrix(delta, lanes, rows * lanes),
            ADD if add else SET,
            lanes // LANES,
        )
        if layer > 0:
            call_multiply(
                net.multiply,
                work.numbers,
                (rows, net.layers[layer], outputs),
                Matrix(layout.slopes[layer], lanes, rows * lanes),
                VECTOR,
                Matrix(delta, lanes, rows * lanes),
                Matrix(layout.weights[layer], lanes, outputs * lanes),
                SCALE,
                lanes // LANES,
            )
            delta = layout.slopes[layer]
