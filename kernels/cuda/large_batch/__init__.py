"""Large batch: a kernel for each product of all networks' layers, and a few between them.

A training's steps are recorded once, as CUDA graphs, and replayed in all its calls: see
:mod:`training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...tables import LOSSES, OPTIMIZERS
from ...task import Network, Samples
from .. import device
from ..functions import Functions
from ..resident import OnGpu
from . import batches
from .batches import CHUNK, InOrder
from .grids import ACROSS, for_each, over
from .layers import Layers
from .layout import numbers_of_a_slot
from .training import Training, most_rows, rows_of_a_step

MEMORY_SHARE = 0.25  # of the GPU's, for what lies between layers


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Nothing: it takes any architecture."""
    return ""


def train(task: OnGpu, networks: Any) -> None:
    """Train some networks, as many at a time as memory allows."""
    training = _training(task, len(networks))
    slots = training.layers.slots
    for start in range(0, len(networks), slots):
        training.run(task, networks[start : start + slots])


def _training(task: OnGpu, count: int) -> Training:
    """One that an earlier call has made, unless half of its slots would have nobody."""
    made = task.kept.setdefault("trainings", {})
    dtype = task.state.parameters.dtype
    slots = min(count, _most_slots(task.network, dtype, most_rows(task), rows_of_a_step(task)))
    for there, training in made.items():
        if slots <= there <= 2 * slots:
            return training
    made[slots] = Training(task, slots)
    return made[slots]


def _most_slots(network: Network, dtype: np.dtype, *rows: int) -> int:
    """How many networks there is memory for; bits do not depend on it."""
    memory = MEMORY_SHARE * device.properties().memory
    most = int(memory / (numbers_of_a_slot(network, *rows) * dtype.itemsize))
    return min(max(1, most), ACROSS)


def _cut(network: Network, parameters: Any, samples: Samples) -> Iterator[tuple[slice, Layers]]:
    """Networks, as many at a time as memory allows, each in a slot."""
    count, rows = len(parameters), max(1, min(CHUNK, len(samples.inputs)))
    slots = min(count, _most_slots(network, parameters.dtype, rows, rows))
    layers = Layers(network, parameters, slots, rows, 1, samples.targets.shape[1])
    for start in range(0, count, slots):
        part = slice(start, min(start + slots, count))
        layers.take(device.array_module().arange(part.start, part.stop))
        yield part, layers


def gradients(network: Network, parameters: Any, samples: Samples) -> tuple[Any, Any]:
    """Losses (n,) and gradients (n, row_size) of n networks on the same samples."""
    xp, size = device.array_module(), network.n_parameters
    losses, results = xp.zeros(len(parameters)), xp.zeros_like(parameters)
    for part, layers in _cut(network, parameters, samples):
        gradient = layers.room_for_gradients(layers.most)
        for _, rows in InOrder(layers, samples):
            layers.forward(rows)
            layers.compute_loss(rows)
            layers.backward(rows, gradient)
            added = layers.slot, layers.losses, device.kernel_array(losses[part])
            for_each(batches.add_losses, layers.slots, *added)
            over(
                batches.add_gradients,
                size,
                *(layers.slot, size, gradient, device.kernel_array(results)),
                slots=layers.slots,
            )
    return losses, results


def predict(network: Network, parameters: Any, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    xp, dtype = device.array_module(), parameters.dtype
    results = xp.empty((len(parameters), len(inputs), network.layers[-1]), dtype)
    nothing = xp.zeros((len(inputs), 1), dtype)
    samples = Samples(inputs, nothing, nothing.reshape(-1))
    made = Functions((), LOSSES[network.loss], OPTIMIZERS["sgd"], dtype.name)
    for _, layers in _cut(network, parameters, samples):
        for start, rows in InOrder(layers, samples):
            layers.forward(rows)
            over(
                batches.predict_kernel(made),
                rows,
                *(start, layers.layers[-1], layers.most, layers.slot, layers.work),
                device.kernel_array(results),
                slots=layers.slots,
            )
    return results
