"""A sample's loss and gradient, in one thread; samples come to all threads of a block together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import cuda

from ...task import Network
from .. import functions
from ..compile import device_function
from ..dropout import drops_units, keeps, layer_mask
from ..functions import Functions
from .layout import Layer

# --- samples --------------------------------------------------------------------------------------


def load_samples_of(network: Network, target_width: int) -> Callable:
    """``load_samples(data, tile, order, start, rows)``: the block copies samples to its tile.

    Each row of the tile has a sample's inputs, targets and weight. Its width is a constant, so that
    no thread divides.
    """
    inputs, width = network.layers[0], network.layers[0] + target_width + 1

    @device_function
    def load_samples(data, tile, order, start, rows):
        cuda.syncthreads()
        q = cuda.threadIdx.x
        while q < rows * width:
            r = np.uint32(q) // np.uint32(width)
            k = np.int64(np.uint32(q) - r * np.uint32(width))
            position = start + np.int64(r)
            row = np.int64(order[np.uint64(position)]) if order.shape[0] > 0 else position
            if k < inputs:
                tile[np.uint64(q)] = data.inputs[np.uint64(row), np.uint64(k)]
            elif k < inputs + target_width:
                tile[np.uint64(q)] = data.targets[np.uint64(row * target_width + k - inputs)]
            else:
                tile[np.uint64(q)] = data.weights[np.uint64(row)]
            q += cuda.blockDim.x
        cuda.syncthreads()

    return load_samples


# --- forward --------------------------------------------------------------------------------------


def sample_loss_of(network: Network, spec: Functions, target_width: int) -> Callable:
    """``sample_loss(args, net, r, i, step, position, share)``: a sample's weighted loss.

    The sample is the tile's r-th. Its loss's slopes, times ``share``, are the last of ``net.d``.
    Numbers have the kernel's dtype: to convert one costs as much as eight sums.
    """
    inputs, outputs, last = network.layers[0], network.layers[-1], sum(network.layers[:-1])
    width, real = inputs + target_width + 1, np.dtype(spec.dtype).type
    forward, row_loss = _forward_of(network, spec, 0), functions.row_loss(spec)

    @device_function
    def sample_loss(args, net, r, i, step, position, share):
        start = r * width
        for k in range(inputs):
            net.a[k] = net.tile[np.uint64(start + k)]
        forward(net, args.dropout, i, step, position)
        weight = net.tile[np.uint64(start + inputs + target_width)]
        for o in range(outputs):
            net.d[last + o] = net.a[last + o]
        loss = row_loss(
            net.d, last, outputs, net.tile, start + inputs, target_width,
            share * weight, real(args.net.loss_parameter),
        )  # fmt: skip
        return np.float64(weight * loss)

    return sample_loss


def _forward_of(network: Network, spec: Functions, layer: int) -> Callable:
    """``forward(net, dropout, i, step, position)``: values and slopes from a layer to the last."""
    own, bias, real = Layer(network, layer), network.bias, np.dtype(spec.dtype).type
    d_in, d_out, weights, biases = own.d_in, own.d_out, own.weights, own.biases
    values_in, values_out = own.values_in, own.values_out

    @device_function
    def products(net):
        for o in range(d_out):
            z = net.w[biases + o] if bias else real(0)
            for k in range(d_in):
                z += net.a[values_in + k] * net.w[weights + k * d_out + o]
            net.a[values_out + o] = z

    if layer == len(network.activations):

        @device_function
        def forward_last(net, dropout, i, step, position):
            products(net)

        return forward_last
    activate, rest = _activate_of(network, spec, layer), _forward_of(network, spec, layer + 1)

    @device_function
    def forward(net, dropout, i, step, position):
        products(net)
        activate(net, dropout, i, step, position)
        rest(net, dropout, i, step, position)

    return forward


def _activate_of(network: Network, spec: Functions, layer: int) -> Callable:
    """``activate(net, dropout, i, step, position)``: a hidden layer's activation and dropout."""
    d_out, values_out = network.layers[layer + 1], sum(network.layers[: layer + 1])
    activation, real = functions.activation_ids(network)[layer], np.dtype(spec.dtype).type
    value, slope = functions.value(spec), functions.slope(spec)

    @device_function
    def activate(net, dropout, i, step, position):
        for o in range(d_out):
            z = net.a[values_out + o]
            net.a[values_out + o] = value(activation, z)
            net.d[values_out + o] = slope(activation, z, net.a[values_out + o])
        if drops_units(dropout, step):
            mask = layer_mask(dropout, i, step, layer)
            scale = real(mask.scale)
            for o in range(d_out):
                factor = scale if keeps(mask.key, position * d_out + o, mask.least) else real(0)
                net.a[values_out + o] *= factor
                net.d[values_out + o] *= factor

    return activate


# --- backward -------------------------------------------------------------------------------------


def backward_of(network: Network, spec: Functions, layer: int) -> Callable:
    """``backward(net)``: adds a sample's gradient to ``net.g``, from a layer down to the first."""
    own, bias, real = Layer(network, layer), network.bias, np.dtype(spec.dtype).type
    d_in, d_out, weights, biases = own.d_in, own.d_out, own.weights, own.biases
    values_in, values_out = own.values_in, own.values_out

    @device_function
    def layer_backward(net):
        if bias:
            for o in range(d_out):
                net.g[biases + o] += net.d[values_out + o]
        for k in range(d_in):
            total = real(0)
            for o in range(d_out):
                total += net.w[weights + k * d_out + o] * net.d[values_out + o]
                net.g[weights + k * d_out + o] += net.a[values_in + k] * net.d[values_out + o]
            if layer > 0:
                net.d[values_in + k] *= total

    if layer == 0:
        return layer_backward
    rest = backward_of(network, spec, layer - 1)

    @device_function
    def backward(net):
        layer_backward(net)
        rest(net)

    return backward
