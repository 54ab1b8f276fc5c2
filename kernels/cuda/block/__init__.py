"""A block of threads trains one network: weights, gradient and values lie in its shared memory.

Whole epochs are one launch. Where shared memory is short, the optimiser's moments leave it first,
then the gradient; the weights stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...tables import OPTIMIZERS
from ...task import Network, Samples
from .. import device, functions
from ..arguments import arguments, data, handed, net, no_dropout, nothing
from ..compile import launch
from ..functions import Functions
from ..resident import OnGpu
from .kernels import gradient_kernel, predict_kernel, train_kernel
from .layout import Plan, plan, refusal

__all__ = ["gradients", "plan", "predict", "refusal", "train"]

MOST_PIECES = 64  # into which the samples of one network's predictions are cut


def train(task: OnGpu, networks: Any) -> None:
    """Train some networks of a task on the GPU until they end or stop."""
    dtype, states = task.state.parameters.dtype, OPTIMIZERS[task.optimizer.rule].states
    made = functions.functions(task.network, task.optimizer.rule, dtype.name)
    if "plan" not in task.kept:
        task.kept["plan"] = plan(task.network, states, dtype, task.batch_size)
    planned = task.kept["plan"]
    rows = 0 if planned.gradient_shared else len(networks)
    gradients = device.array_module().empty((rows, task.state.parameters.shape[1]), dtype)
    args = arguments(task, networks)
    _launch(
        train_kernel(made, planned.gradient_shared, planned.moments_shared),
        (len(networks), 1),
        planned,
        args,
        planned.layout,
        handed(gradients),
    )


def gradients(network: Network, parameters: Any, samples: Samples) -> tuple[Any, Any]:
    """Losses (n,) and gradients, like parameters, of n networks on the same samples on the GPU."""
    xp, n = device.array_module(), len(parameters)
    planned = plan(network, 0, parameters.dtype, len(samples.inputs))
    losses, results = xp.empty(n), xp.zeros_like(parameters)
    _launch(
        gradient_kernel(_without_rule(network, parameters), planned.gradient_shared),
        (n, 1),
        planned,
        net(network),
        data(samples),
        no_dropout(),
        _as_they_are(),
        planned.layout,
        *map(handed, (parameters, losses, results)),
    )
    return losses, results


def predict(network: Network, parameters: Any, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs, all on the GPU."""
    n, samples = len(parameters), len(inputs)
    planned = plan(network, 0, parameters.dtype, max(1, samples))
    results = device.array_module().empty((n, samples, network.layers[-1]), parameters.dtype)
    pieces = min(MOST_PIECES, -(-samples // planned.layout.rows))
    if results.size:
        _launch(
            predict_kernel(_without_rule(network, parameters)),
            (n, pieces),
            planned,
            net(network),
            data(nothing(parameters.dtype))._replace(inputs=handed(inputs)),
            no_dropout(),
            _as_they_are(),
            planned.layout,
            *map(handed, (parameters, results)),
        )
    return results


def _without_rule(network: Network, parameters: Any) -> Functions:
    return functions.functions(network, "sgd", parameters.dtype.name)


def _as_they_are() -> Any:
    """The order in which samples come as they are."""
    return handed(device.array_module().zeros(0, np.int64))


def _launch(kernel: Any, grid: tuple[int, int], planned: Plan, *arguments: Any) -> None:
    launch(kernel, grid, planned.threads, planned.shared_memory, *arguments)
