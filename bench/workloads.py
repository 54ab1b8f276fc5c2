"""The workloads, defined once for bpfast and its peers, and the jobs that they are timed in.

All are float32, all networks of one share their samples, and each has its own learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernels import counter
from ..tables.reading.sources import load_built_in
from ..tables.scaling import Scaler
from ..training.history import History
from ..training.loop import Training, fit
from ..training.network import MLP
from ..training.optimizers import SGD, Adam, Optimizer
from ..training.population import Population

SEED = 0


@dataclass(frozen=True)
class Workload:
    """A training to be timed.

    Attributes
    ----------
    name, strategy : its name, and the strategy that bpfast should choose for it, empty if any
    layers, activation, loss, bias : the architecture
    networks, samples, batch_size, epochs : how many of each
    optimizer, momentum, epsilon : "sgd" or "adam", SGD's momentum, and Adam's epsilon
    shuffle : whether every epoch has its own order
    digits : whether the samples are scikit-learn's digits, and not drawn at random
    folds : how many parts samples are cut into, of which each network leaves out one; 0 is none
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
    epsilon: float = 1e-8
    bias: bool = True
    shuffle: bool = True
    digits: bool = False
    folds: int = 0

    def __str__(self) -> str:
        words = f"{self.name}: {self.networks} x {self.kind}"
        return f"{words}, {self.folds} folds" if self.folds else words

    @property
    def widths(self) -> str:
        """The layers in words."""
        return "-".join(map(str, self.layers))

    @property
    def kind(self) -> str:
        """One of its networks and how it is trained, in words."""
        return f"{self.widths} {self.activation}, batch {self.batch_size}"

    @property
    def sample_updates(self) -> int:
        """Samples that networks are trained on, counted for each network."""
        return self.networks * self.rows * self.epochs

    @property
    def rows(self) -> int:
        """Samples that a network is trained on in an epoch."""
        return self.samples - self.samples // self.folds if self.folds else self.samples

    @property
    def flops(self) -> float:
        """Operations of a sample-update: 6 a weight, less 2 a weight of the first layer."""
        weights = [a * b for a, b in pairwise(self.layers)]
        return 6.0 * sum(weights) - 2.0 * weights[0]

    @property
    def traffic(self) -> float:
        """Bytes that a fit has to move through main memory at least once.

        Parameters, optimiser state and samples on their way in, parameters on their way out.
        """
        parameters = sum((a + self.bias) * b for a, b in pairwise(self.layers))
        state = 2 if self.optimizer == "adam" else int(self.momentum > 0)
        target = 8 if self.loss == "cross_entropy" else 4 * self.layers[-1]
        samples = self.samples * (4 * self.layers[0] + target)
        return 4.0 * (2 + state) * parameters * self.networks + samples

    @cached_property
    def learning_rates(self) -> np.ndarray:
        """(networks,) learning rates, none of which diverges."""
        return np.geomspace(1e-2, 1e-4, self.networks)

    @property
    def steps(self) -> int:
        """Steps in an epoch; all batches are full."""
        return self.rows // self.batch_size

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """X (samples, inputs) float32, and labels (samples,) or targets (samples, outputs)."""
        if self.digits:
            X, y = _digits()
            return X[: self.samples], y[: self.samples]
        rng = np.random.default_rng(SEED)
        X = rng.normal(size=(self.samples, self.layers[0])).astype(np.float32)
        if self.loss == "cross_entropy":
            return X, rng.integers(0, self.layers[-1], self.samples)
        return X, rng.normal(size=(self.samples, self.layers[-1])).astype(np.float32)

    def batches(self) -> np.ndarray | None:
        """Rows of every step in the order that bpfast takes them, (epochs * steps, batch_size).

        With folds, (folds, epochs * steps, batch_size). None where a step takes all samples.
        """
        if self.folds:
            return np.stack([self._ordered(k, rows) for k, rows in enumerate(self.fold_rows)])
        return None if self.steps == 1 else self._ordered(0, np.arange(self.samples))

    def _ordered(self, fold: int, rows: np.ndarray) -> np.ndarray:
        """A fold's rows, batch by batch."""
        orders = np.tile(np.arange(len(rows)), (self.epochs, 1))
        if self.shuffle and self.steps > 1:
            orders = counter.permutations(SEED, np.arange(self.epochs), fold, len(rows))
        return rows[orders].reshape(-1, self.batch_size)

    @property
    def fold_rows(self) -> list[np.ndarray]:
        """The samples that networks of each fold are trained on."""
        return fold_rows(self.samples, self.folds)

    @property
    def fold_of(self) -> np.ndarray:
        """(networks,) fold numbers."""
        return np.arange(self.networks) % self.folds

    @property
    def mlp(self) -> MLP:
        """The architecture."""
        return MLP(self.layers, self.activation, self.loss, self.bias)

    def population(self, dtype: str = "float32") -> Population:
        """The networks before training."""
        return Population(self.mlp, self.networks, seed=SEED, dtype=dtype)

    def fit(
        self,
        population: Population,
        X: np.ndarray,
        y: np.ndarray,
        device: str = "cpu",
        networks: Any = slice(None),
    ) -> History:
        """Train with bpfast: all networks, or a population of some, and then their numbers."""
        return fit(population, X, y, **self._how(device, networks), progress=False)

    def training(self, population: Population, X: Any, y: Any, device: str) -> Training:
        """The training that :meth:`fit` would begin."""
        return Training(population, X, y, **self._how(device))

    def _how(self, device: str, networks: Any = slice(None)) -> dict[str, Any]:
        """How bpfast trains it."""
        rates = self.learning_rates[networks]
        if self.optimizer == "adam":
            optimizer: Optimizer = Adam(learning_rate=rates, epsilon=self.epsilon)
        else:
            optimizer = SGD(learning_rate=rates, momentum=self.momentum)
        return {
            "optimizer": optimizer,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": SEED,
            "rows": (self.fold_rows, self.fold_of[networks]) if self.folds else None,
            "record": "last",
            "device": device,
        }


@dataclass(frozen=True)
class Job:
    """What is timed as one: a workload, or several that are trained one after another.

    Attributes
    ----------
    name : what it is called on the command line
    workloads : its parts
    beside : a job whose cost for a network this one's is held against
    has_peers : whether others are timed on it, too
    """

    name: str
    workloads: tuple[Workload, ...]
    beside: str = ""
    has_peers: bool = True

    def __str__(self) -> str:
        first, *others = self.workloads
        if not others:
            return str(first)
        last = others[-1]
        return (
            f"{self.name}: {self.networks} of {len(self.workloads)} shapes, {first.widths} to "
            f"{last.kind}"
        )

    @property
    def networks(self) -> int:
        """Networks of all parts."""
        return sum(workload.networks for workload in self.workloads)

    @property
    def sample_updates(self) -> int:
        """Samples that networks are trained on, counted for each network."""
        return sum(workload.sample_updates for workload in self.workloads)

    @property
    def flops(self) -> float:
        """Operations of a sample-update, on average."""
        return sum(w.sample_updates * w.flops for w in self.workloads) / self.sample_updates

    @property
    def traffic(self) -> float:
        """Bytes that have to go through main memory at least once."""
        return sum(workload.traffic for workload in self.workloads)

    @property
    def intensity(self) -> float:
        """Operations for each byte that has to go through main memory."""
        return self.sample_updates * self.flops / self.traffic


def fold_rows(samples: int, folds: int) -> list[np.ndarray]:
    """The samples that networks of each fold are trained on: all but a part of them."""
    everything = np.arange(samples)
    return [np.setdiff1d(everything, part) for part in np.array_split(everything, folds)]


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's 1,797 digits of 64 pixels, scaled, and their 10 classes."""
    digits = load_built_in("digits")
    return Scaler.of(digits.data).apply(digits.data).astype(np.float32), digits.target


WORKLOADS = (
    Workload("W1", "lanes", (2, 2, 1), "identity", "mse", 100_000, 1, 1, 100, bias=False),
    Workload("W2", "lanes", (4, 16, 1), "tanh", "mse", 1024, 1024, 32, 5),
    Workload("W3", "tiles", (64, 64, 10), "relu", "cross_entropy", 128, 1792, 64, 5, "adam"),
    Workload(
        "W4", "tiles", (784, 256, 128, 10), "relu", "cross_entropy", 8, 2048, 128, 2, momentum=0.9
    ),
    Workload("W5", "large batch", (64, 256, 256, 1), "relu", "mse", 1, 16384, 16384, 10),
)

W2, W3 = WORKLOADS[1:3]
FOLDED = (
    replace(W2, name="W2folds", networks=20, samples=1280, epochs=100, folds=5),
    replace(W3, name="W3folds", networks=100, samples=1280, folds=5),
)
HIDDEN: tuple[tuple[int, ...], ...] = (
    *((width,) for width in (8, 12, 16, 24, 32, 48, 64, 96, 128)),
    *((2 * width, width) for width in (16, 32, 64)),
)
MIXED = tuple(
    replace(W3, name=str(hidden), strategy="", layers=(64, *hidden, 10), networks=50, digits=True)
    for hidden in HIDDEN
)

JOBS = (
    *(Job(workload.name, (workload,)) for workload in WORKLOADS),
    Job("W3x1", (replace(W3, name="W3x1", networks=1),), beside="W3"),
    Job("W3x130", (replace(W3, name="W3x130", networks=130),), beside="W3", has_peers=False),
    *(Job(workload.name, (workload,)) for workload in FOLDED),
    Job("mixed", MIXED),
)
