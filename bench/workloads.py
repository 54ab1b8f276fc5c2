"""The five workloads, defined once for bpfast and its peers.

All are float32, all networks of one share their samples, and each has its own learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import bpfast as bp
from bpfast.kernels import counter

SEED = 0


@dataclass(frozen=True)
class Workload:
    """A training to be timed.

    Attributes
    ----------
    name, strategy : its number, and the strategy that bpfast should choose for it
    layers, activation, loss, bias : the architecture
    networks, samples, batch_size, epochs : how many of each
    optimizer, momentum : "sgd" or "adam", and SGD's momentum
    shuffle : whether every epoch has its own order
    """

    name: str
    strategy: str
    layers: tuple[int, ...]
    activation: str
    loss: str
    networks: int
    samples: int
    batch_size: int
    epochs: int
    optimizer: str = "sgd"
    momentum: float = 0.0
    bias: bool = True
    shuffle: bool = True

    def __str__(self) -> str:
        widths = "-".join(map(str, self.layers))
        return f"{self.name}: {self.networks} x {widths} {self.activation}, batch {self.batch_size}"

    @property
    def sample_updates(self) -> int:
        """Samples that networks are trained on, counted for each network."""
        return self.networks * self.samples * self.epochs

    @property
    def flops(self) -> float:
        """Operations of a sample-update: 6 a weight, less 2 a weight of the first layer."""
        weights = [a * b for a, b in pairwise(self.layers)]
        return 6.0 * sum(weights) - 2.0 * weights[0]

    @property
    def learning_rates(self) -> np.ndarray:
        """(networks,) learning rates, none of which diverges."""
        return np.geomspace(1e-2, 1e-4, self.networks)

    @property
    def steps(self) -> int:
        """Steps in an epoch; all batches are full."""
        return self.samples // self.batch_size

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """X (samples, inputs) float32, and labels (samples,) or targets (samples, outputs)."""
        rng = np.random.default_rng(SEED)
        X = rng.normal(size=(self.samples, self.layers[0])).astype(np.float32)
        if self.loss == "cross_entropy":
            return X, rng.integers(0, self.layers[-1], self.samples)
        return X, rng.normal(size=(self.samples, self.layers[-1])).astype(np.float32)

    def batches(self) -> np.ndarray | None:
        """Rows of every step in the order that bpfast takes them, (epochs * steps, batch_size).

        None where a step takes all samples.
        """
        if self.steps == 1:
            return None
        rows = np.tile(np.arange(self.samples), (self.epochs, 1))
        if self.shuffle:
            orders = [counter.permutation(SEED, e, 0, self.samples) for e in range(self.epochs)]
            rows = np.stack(orders)
        return rows.reshape(-1, self.batch_size)

    def population(self, dtype: str = "float32") -> bp.Population:
        """The networks before training."""
        mlp = bp.MLP(self.layers, self.activation, self.loss, self.bias)
        return bp.Population(mlp, self.networks, seed=SEED, dtype=dtype)

    def fit(self, population: bp.Population, X: np.ndarray, y: np.ndarray) -> bp.History:
        """Train with bpfast."""
        if self.optimizer == "adam":
            optimizer: bp.optimizers.Optimizer = bp.Adam(learning_rate=self.learning_rates)
        else:
            optimizer = bp.SGD(learning_rate=self.learning_rates, momentum=self.momentum)
        return bp.fit(
            population,
            X,
            y,
            optimizer,
            epochs=self.epochs,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            seed=SEED,
            record="last",
            device="cpu",
            progress=False,
        )


WORKLOADS = (
    Workload("W1", "lanes", (2, 2, 1), "identity", "mse", 100_000, 1, 1, 100, bias=False),
    Workload("W2", "lanes", (4, 16, 1), "tanh", "mse", 1024, 1024, 32, 5),
    Workload("W3", "tiles", (64, 64, 10), "relu", "cross_entropy", 128, 1792, 64, 5, "adam"),
    Workload(
        "W4", "tiles", (784, 256, 128, 10), "relu", "cross_entropy", 8, 2048, 128, 2, momentum=0.9
    ),
    Workload("W5", "large batch", (64, 256, 256, 1), "relu", "mse", 1, 16384, 16384, 10),
)
