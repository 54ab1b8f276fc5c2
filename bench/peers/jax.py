"""JAX: networks side by side under ``vmap``, or one after another, all steps in one scan."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.cpu import thread_count
from ..measure import Run, UnavailableError
from ..workloads import Workload
from .start import BETA1, BETA2, LOG1, LOG2, initial_arrays, needed


def build(workload: Workload, together: str, split: bool, platform: str = "cpu") -> Run:
    """Networks side by side by "vmap", or one after another by "map"; split over cores or not."""
    jax = needed("jax", "jax")
    jax.config.update("jax_platforms", platform)
    jax.config.update("jax_num_cpu_devices", thread_count())
    jax.config.update("jax_default_matmul_precision", "highest")  # float32, on GPUs too
    own, shared = jax.P("networks"), jax.P()
    try:
        there = jax.devices()
    except RuntimeError as error:
        raise UnavailableError(str(error)) from None
    devices = there[: math.gcd(workload.networks, thread_count()) if split else 1]
    if split and together == "vmap" and len(devices) == 1:
        raise UnavailableError(f"{workload.networks} cannot be split evenly")
    mesh = jax.make_mesh((len(devices),), ("networks",), devices=devices)
    train = _training(jax, workload)

    def all_networks(networks, data):
        if together == "map":
            return jax.lax.map(lambda network: train(network, data), networks)
        return jax.vmap(train, in_axes=(0, None))(networks, data)

    compiled = jax.jit(
        jax.shard_map(
            all_networks, mesh=mesh, in_specs=(own, shared), out_specs=own, check_vma=False
        )
    )
    weights, biases, rates = initial_arrays(workload)
    batches = workload.batches()
    rows = None if batches is None else batches.astype(np.int32)  # as JAX would make them
    fold = workload.fold_of if workload.folds else np.zeros(workload.networks, np.int64)
    networks, data = ((weights, biases), rates, fold), (workload.data(), rows)

    def place() -> tuple:
        return (
            jax.device_put(networks, jax.NamedSharding(mesh, own)),
            jax.device_put(data, jax.NamedSharding(mesh, shared)),
        )

    placed = place()
    return Run(
        lambda: np.asarray(jax.block_until_ready(compiled(*placed))[1]),
        from_host=lambda: jax.device_get(compiled(*place()))[1],
    )


def _training(jax: Any, workload: Workload) -> Callable:
    """Train one network: ((parameters, rate, fold), data) -> parameters, the last epoch's loss."""
    jnp, tree = jax.numpy, jax.tree.map
    activation = {"identity": lambda z: z, "relu": jax.nn.relu, "tanh": jnp.tanh}

    def loss(parameters, x, y):
        weights, biases = parameters
        for k, w in enumerate(weights):
            z = x @ w + biases[k] if biases else x @ w
            x = activation[workload.activation](z)
        if workload.loss == "mse":
            return jnp.mean((z - y) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))

    def update(parameters, state, gradient, rate, t):
        if workload.optimizer == "adam":
            m = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, state[0], gradient)
            v = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state[1], gradient)
            rate, c = -rate / jnp.expm1(t * LOG1), -jnp.expm1(t * LOG2)
            return tree(
                lambda p, m, v: p - rate * m / (jnp.sqrt(v / c) + workload.epsilon),
                parameters,
                m,
                v,
            ), (m, v)
        if workload.momentum:
            state = tree(lambda s, g: workload.momentum * s + g, state, gradient)
            gradient = state
        return tree(lambda p, g: p - rate * g, parameters, gradient), state

    def train(network, data):
        (parameters, rate, fold), ((X, y), batches) = network, data
        if workload.folds:
            batches = batches[fold]
        zeros = tree(jnp.zeros_like, parameters)
        state = (zeros, zeros) if workload.optimizer == "adam" else zeros

        def step(carry, rows):
            parameters, state, t = carry
            x, target = (X, y) if rows is None else (X[rows], y[rows])
            value, gradient = jax.value_and_grad(loss)(parameters, x, target)
            parameters, state = update(parameters, state, gradient, rate, t)
            return (parameters, state, t + 1), value

        start = (parameters, state, jnp.float32(1))
        end, losses = jax.lax.scan(step, start, batches, length=workload.epochs * workload.steps)
        return end[0], losses[-workload.steps :].mean()

    return train
