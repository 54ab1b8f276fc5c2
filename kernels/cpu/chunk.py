"""Forward and back for a chunk of rows of one network, by products of matrices in panels."""

from __future__ import annotations

from .arguments import own_row
from .compile import inline, internal
from .dropout import layer_key, mask
from .simd import ADD, BROADCAST, LANES, SCALE, SET, call_multiply, invoke


@inline
def gather(lo, at, inputs, order, start, rows, bias):
    """Copy rows of inputs, with a 1 behind each where there are biases."""
    w, stride, x = at.w, lo.strides[0], at.private + lo.values[0]
    count = inputs.shape[1]
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        here = w[x + r * stride : x + r * stride + count + bias]
        source = inputs[row]
        for k in range(count):
            here[k] = source[k]
        if bias:
            here[count] = 1


@internal
def forward(net, lo, at, rows):
    """Values of all layers, and slopes of the hidden ones."""
    for layer in range(lo.blocks.size):
        forward_layer(net, lo, at, rows, layer)


@inline
def forward_layer(net, lo, at, rows, layer):
    w, hidden = at.w, layer < net.activations.size
    depth = net.layers[layer] + net.bias
    z, stride = at.private + lo.values[layer + 1], lo.strides[layer + 1]
    call_multiply(
        net.multiply, BROADCAST, w, rows, lo.blocks[layer], depth,
        z, stride, LANES,
        at.private + lo.values[layer], lo.strides[layer], 1,
        at.common + lo.weights[layer], LANES, depth * LANES,
        SET, 1,
    )  # fmt: skip
    if hidden:
        slope = at.private + lo.slopes[layer + 1]
        invoke(net.activations[layer], w, z, slope, z, z, z, rows * stride, 0, 0.0)
        if net.bias:
            one = z + net.layers[layer + 1]
            for r in range(rows):
                w[one + r * stride] = 1


@internal
def drop_out(net, dropout, lo, at, i, layer, step, position, rows):
    """Multiply hidden values and slopes with the mask of a step, from ``position`` on."""
    p = dropout.p[own_row(dropout.p, i), layer - 1]
    key = layer_key(dropout.keys[own_row(dropout.keys, i)], step, layer - 1)
    width, stride = net.layers[layer], lo.strides[layer]
    value, slope = at.private + lo.values[layer], at.private + lo.slopes[layer]
    for r in range(rows):
        first = (position + r) * width
        for k in range(width):
            factor = mask(key, first + k, p)
            at.w[value + r * stride + k] *= factor
            at.w[slope + r * stride + k] *= factor


@inline
def score(net, lo, at, targets, weights, order, start, rows, share):
    """Loss of a chunk, where a sample counts ``share`` times its weight; outputs become slopes."""
    w, outputs, stride = at.w, net.layers[-1], lo.strides[-1]
    z, block = at.private + lo.values[-1], at.private + lo.loss
    size = outputs * rows
    target, scale, loss = block + size, block + 2 * size, block + 2 * size + rows
    set_targets(w[target:scale], targets, order, start, rows, outputs)
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        w[scale + r] = weights[row] * share
    transpose(w[z : z + rows * stride], stride, w[block:target], rows, rows, outputs)
    invoke(net.loss, w, block, target, scale, loss, loss + rows, outputs, rows, net.loss_parameter)
    total = 0.0
    for r in range(rows):
        total += w[loss + r]
    transpose(w[block:target], rows, w[z : z + rows * stride], stride, outputs, rows)
    return total


@inline
def set_targets(block, targets, order, start, rows, outputs):
    """Targets of a chunk, (outputs, rows); labels become 0 and 1."""
    if targets.shape[1] < outputs:
        block[:] = 0
        for r in range(rows):
            row = order[start + r] if order.size else start + r
            block[int(targets[row, 0]) * rows + r] = 1
        return
    for r in range(rows):
        row = order[start + r] if order.size else start + r
        for o in range(outputs):
            block[o * rows + r] = targets[row, o]


@inline
def transpose(source, source_stride, result, result_stride, rows, columns):
    """``result[c, r] = source[r, c]`` in flat arrays with so many numbers from row to row."""
    for c in range(columns):
        line = result[c * result_stride : c * result_stride + rows]
        for r in range(rows):
            line[r] = source[r * source_stride + c]


@inline
def backward(net, lo, at, rows, gradient, add):
    """Gradient of a chunk from the slopes of its outputs, set or added."""
    w = at.w
    delta = at.private + lo.values[-1]
    for layer in range(lo.blocks.size - 1, -1, -1):
        depth, stride = net.layers[layer] + net.bias, lo.strides[layer + 1]
        call_multiply(
            net.multiply, BROADCAST, w, depth, lo.blocks[layer], rows,
            gradient + lo.weights[layer], LANES, depth * LANES,
            at.private + lo.values[layer], 1, lo.strides[layer],
            delta, stride, LANES,
            ADD if add else SET, 1,
        )  # fmt: skip
        if layer > 0:
            below = at.private + lo.slopes[layer]
            call_multiply(
                net.multiply, BROADCAST, w, rows, lo.blocks[layer - 1], net.layers[layer + 1],
                below, lo.strides[layer], LANES,
                delta, stride, 1,
                at.private + lo.turned[layer], LANES, net.layers[layer + 1] * LANES,
                SCALE, 1,
            )  # fmt: skip
            delta = below
