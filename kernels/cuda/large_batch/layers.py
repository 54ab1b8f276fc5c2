"""Layers of many networks at once: their memory, and the kernels that go through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...tables import ACTIVATIONS, LOSSES, OPTIMIZERS
from ...task import Network
from .. import device
from ..arguments import Dropout, handed, no_dropout
from ..compile import launch
from ..functions import Functions
from .grids import SUM_THREADS
from .kernels import backward_kernel, forward_kernel, gradient_kernel, lose_kernel
from .layout import NOBODY, NOTHING, Samples, Slots, layers_of, pieces, tables_of
from .product import THREADS, tile


class Layers:
    """Room for some networks' batches, and the kernels that fill it.

    Parameters
    ----------
    network : the architecture
    parameters : (m, row_size), of which slots have rows
    slots : networks at a time
    most : rows of the longest batch
    folds : batches at a time
    target_width : numbers of a sample's targets
    """

    def __init__(
        self,
        network: Network,
        parameters: Any,
        slots: int,
        most: int,
        folds: int,
        target_width: int,
    ) -> None:
        xp, dtype = device.array_module(), parameters.dtype
        self.network, self.slots, self.most, self.folds = network, slots, most, folds
        self.dtype, self.row_size = dtype.name, parameters.shape[1]
        self.parameters = device.kernel_array(parameters.reshape(-1))
        self.layers, size = layers_of(network, slots, most, folds)
        self.outputs = xp.empty(size, dtype)
        self.work = device.kernel_array(self.outputs)
        self.targets = xp.empty((folds, most, target_width), dtype)
        self.weights = xp.empty((folds, most), dtype)
        self.samples = Samples(*map(handed, (self.targets, self.weights)))
        self.places = xp.full(slots, NOBODY, np.int64)
        self.slot = Slots(
            handed(self.places),
            handed(xp.zeros(slots)),
            *(handed(xp.zeros(slots, np.int64)) for _ in range(3)),
        )
        # (slots, blocks): each block's sum of rows' losses
        self.losses = device.kernel_array(xp.zeros((slots, -(-most // SUM_THREADS))))
        self.nothing_drops = no_dropout()
        self._tables = tables_of(self.layers, self.dtype)

    def room_for_gradients(self, rows: int) -> Any:
        """(slots, pieces, row_size), for batches of up to so many rows."""
        shape = self.slots, pieces(rows), self.row_size
        return device.kernel_array(device.array_module().empty(shape, self.dtype))

    def take(self, networks: Any) -> None:
        """Give slots to some networks; the others have nobody."""
        self.places[: len(networks)] = networks
        self.places[len(networks) :] = NOBODY

    def forward(self, rows: int, dropout: Dropout | None = None) -> None:
        """All layers' values, and the slopes of their activations."""
        for layer in self.layers:
            name = self.network.activations[layer.number] if layer.values != NOTHING else ""
            tiles = tile(layer.d_out, self.dtype)
            launch(
                forward_kernel(ACTIVATIONS.get(name), self.dtype, tiles),
                (tiles.cover(rows, layer.d_out), 1, self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(layer, int(self.network.bias), self.most, self.slot, self.work),
                *(self.parameters, self.row_size, dropout or self.nothing_drops),
            )

    def compute_loss(self, rows: int) -> None:
        """Blocks' sums of losses; the last layer's values become their slopes."""
        loss, outputs = LOSSES[self.network.loss], self.network.layers[-1]
        made = Functions((), loss, OPTIMIZERS["sgd"], self.dtype)
        launch(
            lose_kernel(made),
            (-(-rows // SUM_THREADS), self.slots),
            SUM_THREADS,
            0,
            *(self.layers[-1], self.most, self.slot, self.work, self.samples),
            *(self.network.loss_parameter, 1.0 / outputs if loss.average else 1.0, self.losses),
        )

    def backward(self, rows: int, gradient: Any) -> None:
        """Gradients, (slots, pieces, row_size), from the slopes that :meth:`compute_loss` left."""
        for layer in reversed(self.layers[1:]):
            tiles = tile(layer.d_in, self.dtype)
            launch(
                backward_kernel(self.dtype, tiles),
                (tiles.cover(rows, layer.d_in), 1, self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(layer, self.most, self.slot, self.work, self.parameters, self.row_size),
            )
        for tiles, count, table in self._tables:
            launch(
                gradient_kernel(self.dtype, tiles),
                (count, pieces(rows), self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(table, int(self.network.bias), self.most, self.slot, self.work, gradient),
            )
