"""Forward pass, loss and backward pass of one network.

A batch is cut into slices, which the members of a team share, and slices into chunks of rows.
Slices are added in their order, so one thread and a team of many get the same bits.
"""

from __future__ import annotations

from ..barrier import barrier
from ..batch import chunk_of, cut, sample_of
from ..compile import inline, internal
from ..dropout import advance, apply_mask, set_mask
from ..simd import (
    ADD,
    BROADCAST,
    LANES,
    SCALE,
    SET,
    Matrix,
    call_multiply,
    copy_vector,
    invoke,
)
from ..slices import CHUNK
from ..transposition import transpose_block
from .panels import own_part, transpose_weights


@internal
def batch_gradient(net, data, dropout, layout, work, i, batch):
    """Loss of network i on a batch; its gradient is where that of the first slice was."""
    slices, _ = cut(batch.rows)
    if work.member < slices:
        transpose_weights(net, layout, work)
    for k in range(work.member, slices, work.team):
        work.losses[k] = slice_gradient(net, data, dropout, layout, work, i, batch, k)
    barrier(work.counters, work.team)
    add_slices(layout, work, slices)
    return total_loss(work, slices)


@internal
def slice_gradient(net, data, dropout, layout, work, i, batch, k):
    """Loss and gradient of network i on a slice of a batch."""
    _, rows = cut(batch.rows)
    own, loss = chunk_of(batch, k * rows, rows), 0.0
    gradient = layout.gradient + k * layout.weights[-1]
    for start in range(0, own.rows, CHUNK):
        chunk = chunk_of(own, start, CHUNK)
        gather(net, layout, work, data.inputs, chunk)
        for layer in range(layout.blocks.size):
            forward_layer(net, layout, work, chunk.rows, layer)
            if dropout.p.shape[1] and layer < net.activations.size:
                apply_dropout(net, dropout, layout, work, i, layer + 1, chunk, k * rows + start)
        loss = compute_loss(net, layout, work, data, chunk, loss)
        backward(net, layout, work, chunk.rows, gradient, start > 0)
    return loss


@internal
def add_slices(layout, work, slices):
    """Add all slices' gradients to the first one's; each member adds a part of it."""
    first, last = own_part(layout, work)
    total = work.numbers[layout.gradient + first : layout.gradient + last]
    for k in range(1, slices):
        begin = layout.gradient + k * layout.weights[-1]
        part = work.numbers[begin + first : begin + last]
        for q in range(last - first):
            total[q] += part[q]


@inline
def total_loss(work, slices):
    """Sum of the slices' losses."""
    loss = 0.0
    for k in range(slices):
        loss += work.losses[k]
    return loss


@internal
def batch_loss(net, data, layout, work, batch):
    """Loss on a batch, without dropout; members of a team share its slices."""
    slices, rows = cut(batch.rows)
    for k in range(work.member, slices, work.team):
        own = chunk_of(batch, k * rows, rows)
        loss = 0.0
        for start in range(0, own.rows, CHUNK):
            chunk = chunk_of(own, start, CHUNK)
            gather(net, layout, work, data.inputs, chunk)
            forward(net, layout, work, chunk.rows)
            loss = compute_loss(net, layout, work, data, chunk, loss)
        work.losses[k] = loss
    barrier(work.counters, work.team)
    loss = total_loss(work, slices)
    barrier(work.counters, work.team)
    return loss


@inline
def gather(net, layout, work, inputs, chunk):
    """Copy a chunk's inputs, with a 1 after each sample's for the biases."""
    numbers, stride, count = work.numbers, layout.strides[0], inputs.shape[1]
    for r in range(chunk.rows):
        target, sample = work.own + layout.values[0] + r * stride, sample_of(chunk, r)
        if count < LANES:
            for k in range(count):
                numbers[target + k] = inputs[sample, k]
        else:
            source, last = sample * count, count - LANES
            for k in range(0, last, LANES):
                copy_vector(numbers, target + k, inputs, source + k)
            copy_vector(numbers, target + last, inputs, source + last)  # some of them once more
        if net.bias:
            numbers[target + count] = 1


@internal
def forward(net, layout, work, rows):
    """Values of all layers, and slopes of the hidden ones."""
    for layer in range(layout.blocks.size):
        forward_layer(net, layout, work, rows, layer)


@inline
def forward_layer(net, layout, work, rows, layer):
    """Values of a layer, and slopes of a hidden layer's activation."""
    numbers, depth = work.numbers, net.layers[layer] + net.bias
    z, stride = work.own + layout.values[layer + 1], layout.strides[layer + 1]
    values = Matrix(work.own + layout.values[layer], layout.strides[layer], 1)
    weights = Matrix(layout.weights[layer], LANES, depth * LANES)
    result, shape = Matrix(z, stride, LANES), (rows, layout.blocks[layer], depth)
    call_multiply(net.multiply, numbers, shape, result, BROADCAST, values, weights, SET, 1)
    if layer < net.activations.size:
        slope = work.own + layout.slopes[layer + 1]
        invoke(net.activations[layer], numbers, z, slope, z, z, z, rows * stride, 0, 0.0)
        if net.bias:
            one = z + net.layers[layer + 1]
            for r in range(rows):
                numbers[one + r * stride] = 1


@internal
def apply_dropout(net, dropout, layout, work, i, layer, chunk, position):
    """Multiply a chunk's hidden values and slopes with network i's mask.

    The chunk begins at row ``position`` of its batch.
    """
    numbers, width, stride = work.numbers, net.layers[layer], layout.strides[layer]
    mask = work.own + layout.mask
    for lane in range(LANES):
        set_mask(numbers, mask, lane, dropout, i, chunk.step, layer - 1, position * width + lane)
    for r in range(chunk.rows):
        value = work.own + layout.values[layer] + r * stride
        slope = work.own + layout.slopes[layer] + r * stride
        ahead, step = advance(r * width), advance(LANES)
        apply_mask(numbers, value, slope, layout.blocks[layer - 1], LANES, mask, ahead, step)
        if net.bias:
            numbers[value + width] = 1


@inline
def compute_loss(net, layout, work, data, chunk, total):
    """Add a chunk's losses to a sum, and put their derivatives where its outputs were."""
    numbers, rows, outputs = work.numbers, whole_vectors(chunk.rows), net.layers[-1]
    block, width = work.own + layout.loss, layout.blocks[-1] * LANES
    target = block + width * rows
    scale = target + outputs * rows
    loss = scale + rows
    z, stride = work.own + layout.values[-1], layout.strides[-1]
    transpose(numbers, z, stride, block, rows, rows, width)
    for r in range(chunk.rows):
        numbers[scale + r] = data.weights[sample_of(chunk, r)] * chunk.share
    if data.targets.shape[1] < outputs:
        set_indicators(numbers, target, loss, data.targets, chunk, outputs)
    else:
        set_targets(numbers, target, data.targets, chunk, outputs)
    invoke(
        net.loss, numbers, block, target, scale, loss, loss + rows, outputs, rows,
        net.loss_parameter,
    )  # fmt: skip
    for r in range(chunk.rows):
        total += numbers[loss + r]
    transpose(numbers, block, rows, z, stride, width, rows)
    return total


@inline
def whole_vectors(rows):
    """As many rows, or more, as fill vectors: what is computed for those behind is not read."""
    return -(-rows // LANES) * LANES


@inline
def set_indicators(numbers, start, labels, targets, chunk, outputs):
    """Set targets (outputs, rows) to 1 where an output is the label, else to 0."""
    rows, number = whole_vectors(chunk.rows), numbers.dtype.type
    for r in range(chunk.rows):
        numbers[labels + r] = targets[sample_of(chunk, r), 0]
    own = numbers[labels : labels + rows]
    for o in range(outputs):
        line = numbers[start + o * rows : start + (o + 1) * rows]
        for r in range(rows):
            line[r] = number(1) if own[r] == number(o) else number(0)


@inline
def set_targets(numbers, start, targets, chunk, outputs):
    """Copy targets, to (outputs, rows)."""
    rows = whole_vectors(chunk.rows)
    for r in range(chunk.rows):
        sample = sample_of(chunk, r)
        for o in range(outputs):
            numbers[start + o * rows + r] = targets[sample, o]


@internal
def transpose(numbers, source, source_stride, target, target_stride, rows, columns):
    """Transpose a matrix of whole blocks; strides lead to the next row."""
    for r in range(0, rows, LANES):
        for c in range(0, columns, LANES):
            begin, end = source + r * source_stride + c, target + c * target_stride + r
            transpose_block(numbers, begin, source_stride, end, target_stride)


@inline
def backward(net, layout, work, rows, gradient, add):
    """Set the gradient from the derivatives of a chunk's loss, or add to it."""
    numbers, left, delta = work.numbers, BROADCAST, work.own + layout.values[-1]
    for layer in range(layout.blocks.size - 1, -1, -1):
        outputs, depth = net.layers[layer + 1], net.layers[layer] + net.bias
        stride, mode = layout.strides[layer + 1], ADD if add else SET
        values = Matrix(work.own + layout.values[layer], 1, layout.strides[layer])
        deltas = Matrix(delta, stride, LANES)
        result = Matrix(gradient + layout.weights[layer], LANES, depth * LANES)
        shape = depth, layout.blocks[layer], rows
        call_multiply(net.multiply, numbers, shape, result, left, values, deltas, mode, 1)
        if layer > 0:
            rows_of_delta, delta = Matrix(delta, stride, 1), work.own + layout.slopes[layer]
            weights = Matrix(work.own + layout.transposed[layer], LANES, outputs * LANES)
            slopes = Matrix(delta, layout.strides[layer], LANES)
            shape = rows, layout.blocks[layer - 1], outputs
            call_multiply(
                net.multiply, numbers, shape, slopes, left, rows_of_delta, weights, SCALE, 1
            )
