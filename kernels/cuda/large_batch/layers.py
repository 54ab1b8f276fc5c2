"""Layers of many networks at once: their memory, and the kernels that go through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...tables import ACTIVATIONS, LOSSES, OPTIMIZERS
from ...task import Network
from .. import device
from ..arguments import Dropout, handed, net, no_dropout
from ..compile import launch
from ..functions import Functions
from .gradient import backward_kernel, forward_kernel, gradient_kernel, loss_kernel
from .grids import SUM_THREADS
from .layout import NOBODY, NOTHING, Batch, Networks, Slots, layers_of, pieces, tables_of
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
        self.network, self.slots, self.folds, self.dtype = network, slots, folds, dtype.name
        self.layers, size = layers_of(network, slots, most, folds)
        self._networks = xp.full(slots, NOBODY, np.int64)
        self.nets = Networks(
            net=net(network),
            most=most,
            row_size=parameters.shape[1],
            parameters=handed(parameters.reshape(-1)),
            work=handed(xp.empty(size, dtype)),
            slots=Slots(
                handed(self._networks),
                handed(xp.zeros(slots)),
                *(handed(xp.zeros(slots, np.int64)) for _ in range(3)),
            ),
        )
        self.batch = Batch(
            self.nets.work,
            handed(xp.empty((folds, most, target_width), dtype)),
            handed(xp.empty((folds, most), dtype)),
        )
        # (slots, blocks): each block's sum of rows' losses
        self.losses = device.kernel_array(xp.zeros((slots, -(-most // SUM_THREADS))))
        self._no_dropout, self._tables = no_dropout(), tables_of(self.layers, self.dtype)

    def room_for_gradients(self, rows: int) -> Any:
        """(slots, pieces, row_size), for batches of up to so many rows."""
        shape = self.slots, pieces(rows), self.nets.row_size
        return device.kernel_array(device.array_module().empty(shape, self.dtype))

    def take(self, networks: Any) -> None:
        """Give slots to some networks; the others have nobody."""
        self._networks[: len(networks)] = networks
        self._networks[len(networks) :] = NOBODY

    def forward(self, rows: int, dropout: Dropout | None = None) -> None:
        """All layers' values, and the slopes of their activations."""
        for layer in self.layers:
            name = self.network.activations[layer.depth] if layer.values != NOTHING else ""
            tiles = tile(layer.d_out, self.dtype)
            launch(
                forward_kernel(ACTIVATIONS.get(name), self.dtype, tiles),
                (tiles.cover(rows, layer.d_out), 1, self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(layer, self.nets, dropout or self._no_dropout),
            )

    def compute_loss(self, rows: int) -> None:
        """Blocks' sums of losses; the last layer's values become their slopes."""
        spec = Functions((), LOSSES[self.network.loss], OPTIMIZERS["sgd"], self.dtype)
        launch(
            loss_kernel(spec),
            (-(-rows // SUM_THREADS), self.slots),
            SUM_THREADS,
            0,
            *(self.layers[-1], self.nets, self.batch, self.losses),
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
                *(layer, self.nets),
            )
        for tiles, count, table in self._tables:
            launch(
                gradient_kernel(self.dtype, tiles),
                (count, pieces(rows), self.slots),
                THREADS,
                tiles.shared_memory(self.dtype),
                *(table, self.nets, gradient),
            )
