"""The cases of the benchmark of options: one thing in each is other than in a plain case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...kernels.cpu import thread_count
from ...kernels.tables import ACTIVATIONS
from ...training.history import History
from ...training.loop import fit
from ...training.network import MLP, loss_names
from ...training.optimizers import (
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    ScikitLearnAdam,
    ScikitLearnSGD,
)
from ...training.population import Population
from ..workloads import SEED, fold_rows

MANY = 16 * thread_count()  # networks of a plain case: all threads have as much to do
NEVER, ALWAYS = 1e-30, 1e30  # a loss that no network gets down to, and one that each does
MOST_UPDATED = 1 << 23  # parameters times samples of a network's epoch
RATE = 1e-3  # no case diverges with it
PLAIN_SGD = SGD(learning_rate=RATE)


@dataclass(frozen=True)
class Case:
    """A fit to be timed.

    Attributes
    ----------
    size : which plain case it is held against: "lanes", "tiles" or "large batch"
    option, value : what is other than there, in words; both empty in the plain case
    layers, activation, loss, bias : the architecture
    networks, samples, batch_size : how many of each
    optimizer, dtype : as ``fit`` and ``Population`` take them
    dropout, weights, shuffle, tol, patience : as ``fit`` takes them; ``weights`` is whether samples
        have some, and networks take ``tol`` in turn
    folds : how many parts the rows are cut into, of which each network leaves out one; 0 for none
    validation : samples that are scored after every epoch
    trained : steps that come before what is timed, in this case and in its plain one
    """

    size: str
    layers: tuple[int, ...]
    activation: str = "relu"
    loss: str = "mse"
    networks: int = MANY
    samples: int = 1024
    batch_size: int = 32
    option: str = ""
    value: str = ""
    optimizer: Optimizer = PLAIN_SGD
    dtype: str = "float32"
    bias: bool = True
    dropout: float = 0.0
    weights: bool = False
    shuffle: bool = True
    tol: tuple[float, ...] = ()
    patience: int | None = None
    folds: int = 0
    validation: int = 0
    trained: int = 0

    def __str__(self) -> str:
        return f"{self.size}, {self.option or 'plain'} {self.value}".rstrip()

    @property
    def mlp(self) -> MLP:
        """The architecture."""
        return MLP(self.layers, self.activation, self.loss, bias=self.bias)

    @property
    def rows(self) -> int:
        """Samples that a network is trained on in an epoch."""
        return self.samples - self.samples // self.folds if self.folds else self.samples

    @property
    def updates(self) -> int:
        """Samples of an epoch, counted for each network."""
        return self.rows * self.networks

    def population(self) -> Population:
        """Networks with their initial parameters."""
        return Population(self.mlp, self.networks, seed=SEED, dtype=self.dtype)

    def fit(self, population: Population, epochs: int) -> History:
        """Train with the option."""
        return fit(population, *self._data, epochs=epochs, **self._how)

    @cached_property
    def _data(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples, and targets that the loss can take."""
        rng = np.random.default_rng(SEED)
        X = rng.normal(size=(self.samples, self.layers[0])).astype(self.dtype)
        if self.loss == "cross_entropy":
            return X, rng.integers(self.layers[-1], size=self.samples)
        drawn = rng.normal(size=(self.samples, self.layers[-1]))
        if self.loss == "binary_cross_entropy":
            drawn = (drawn > 0).astype(np.float64)
        return X, np.abs(drawn) if self.loss == "poisson" else drawn

    @cached_property
    def _how(self) -> dict[str, Any]:
        """What ``fit`` is told."""
        X, y = self._data
        rng = np.random.default_rng(SEED)
        scored = slice(self.validation)
        return {
            "optimizer": self.optimizer,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": SEED,
            "validation": (X[scored], y[scored]) if self.validation else None,
            "sample_weight": rng.uniform(0.5, 2.0, self.samples) if self.weights else None,
            "rows": self._folds,
            "tol": np.resize(self.tol, self.networks) if self.tol else None,
            "patience": self.patience,
            "dropout": self.dropout,
            "device": "cpu",
            "progress": False,
        }

    @property
    def _folds(self) -> tuple[list[np.ndarray], np.ndarray] | None:
        """Rows of each fold, and each network's fold."""
        if not self.folds:
            return None
        return fold_rows(self.samples, self.folds), np.arange(self.networks) % self.folds


PLAIN = {
    "lanes": Case("lanes", (4, 16, 1)),
    "tiles": Case("tiles", (64, 64, 10), loss="cross_entropy", batch_size=64),
    "large batch": Case(
        "large batch", (64, 256, 256, 1), networks=1, samples=4096, batch_size=4096
    ),
}


def cases() -> Iterator[tuple[Case, Case]]:
    """All cases, each with the plain one that it is held against."""
    for plain in PLAIN.values():
        for case in (*_functions(plain), *_steps(plain), *_samples(plain)):
            yield case, plain
        for case in (*_batches(plain), *_networks(plain), *_folds(plain), *_shapes(plain)):
            yield case, plain
    yield from _long_training()


def _with(plain: Case, option: str, value: object, **changes: Any) -> Case:
    return replace(plain, option=option, value=str(value), **changes)


def _functions(plain: Case) -> Iterator[Case]:
    """Activations, losses, dropout and dtype."""
    for name in ACTIVATIONS:
        if name != plain.activation:
            yield _with(plain, "activation", name, activation=name)
    for name in loss_names():
        outputs = 10 if name == "cross_entropy" else plain.layers[-1]
        if name != plain.loss:
            yield _with(plain, "loss", name, loss=name, layers=(*plain.layers[:-1], outputs))
    yield _with(plain, "dropout", 0.5, dropout=0.5)
    yield _with(plain, "dtype", "float64", dtype="float64")
    yield _with(plain, "dtype", "float64, tanh", dtype="float64", activation="tanh")
    adam = Adam(learning_rate=RATE)
    yield _with(plain, "dtype", "float64, Adam", dtype="float64", optimizer=adam)
    yield _with(plain, "bias", "none", bias=False)


def _steps(plain: Case) -> Iterator[Case]:
    """Rules of optimisers, penalties and schedules."""
    optimizers = {
        "SGD, momentum": SGD(learning_rate=RATE, momentum=0.9),
        "SGD, nesterov": SGD(learning_rate=RATE, momentum=0.9, nesterov=True),
        "SGD of scikit-learn": ScikitLearnSGD(learning_rate=RATE, momentum=0.9),
        "Adam": Adam(learning_rate=RATE),
        "AdamW": AdamW(learning_rate=RATE),
        "Adam of scikit-learn": ScikitLearnAdam(learning_rate=RATE),
        "RMSprop": RMSprop(learning_rate=RATE),
        "SGD, a rate a network": SGD(learning_rate=np.geomspace(1e-4, RATE, plain.networks)),
    }
    for name, optimizer in optimizers.items():
        yield _with(plain, "optimizer", name, optimizer=optimizer)
    penalties: dict[str, dict[str, Any]] = {
        "l1": {"l1": 1e-5},
        "l2": {"l2": 1e-4},
        "clip_norm": {"clip_norm": 1.0},
        "l1, l2, clip_norm": {"l1": 1e-5, "l2": 1e-4, "clip_norm": 1.0},
    }
    for name, values in penalties.items():
        yield _with(plain, "penalty", name, optimizer=SGD(learning_rate=RATE, **values))
    for name in ("exponential", "cosine"):
        optimizer = SGD(learning_rate=RATE, schedule=name, warmup=2)
        yield _with(plain, "schedule", f"{name}, warm-up", optimizer=optimizer)


def _samples(plain: Case) -> Iterator[Case]:
    """Weights, orders, and what is done after every epoch."""
    yield _with(plain, "samples", "weights", weights=True)
    yield _with(plain, "samples", "no shuffle", shuffle=False)
    yield _with(plain, "every epoch", "validation", validation=plain.samples // 4)
    yield _with(plain, "every epoch", "tol", tol=(NEVER,))
    if plain.networks > 1:
        yield _with(plain, "every second network", "stops", tol=(NEVER, ALWAYS))
    yield _with(plain, "every epoch", "patience", patience=10**6)
    yield _with(
        plain, "every epoch", "validation, patience", validation=plain.samples // 4, patience=10**6
    )


def _batches(plain: Case) -> Iterator[Case]:
    """From one sample to all of them."""
    few = (1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 64, 100)
    for size in (*(few if plain.networks > 1 else (32, 100)), 256, 1000, plain.samples):
        if size != plain.batch_size:
            yield _with(plain, "batch size", size, batch_size=size)


def _networks(plain: Case) -> Iterator[Case]:
    """From one network to many, odd numbers among them."""
    many = (5, 8, 15, 16, 17, 31, 32, 33, 48, 100, 1000)
    for count in (1, 2, 3, *(many if plain.networks > 1 else ())):
        if count != plain.networks:
            yield _with(plain, "networks", count, networks=count)


def _folds(plain: Case) -> Iterator[Case]:
    """A few networks on each of five folds; as many without folds are among the numbers above."""
    for each in (1, 2, 4, 8, 20) if plain.networks > 1 else (1,):
        yield _with(plain, "5 folds of", each, folds=5, networks=5 * each)


SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "lanes": (
        *((4, width, 1) for width in (1, 2, 3, 5, 8, 32, 64, 128, 200)),
        *((width, 16, 1) for width in (1, 2, 8, 17, 64)),
        *((4, 16, width) for width in (2, 3, 10, 33)),
        *((2, 2, 1), (28, 32, 2), (4, 1), (64, 10)),
        *((4, *(8,) * depth, 1) for depth in (2, 4, 8, 16)),
    ),
    "tiles": (
        *((64, width, 10) for width in (20, 24, 31, 32, 33, 48, 100, 128, 200, 256, 512, 1024)),
        *((width, 64, 10) for width in (17, 20, 100, 256, 784, 1024)),
        *((64, 64, width) for width in (2, 3, 16, 17, 100, 1024)),
        *((1024, 2), (1024, 16, 10), (256, 1, 10), (1024, 1024, 10)),
        *((64, *(64,) * depth, 10) for depth in (2, 4, 8)),
        (32, *(16,) * 16, 10),
    ),
    "large batch": (
        *((64, width, width, 1) for width in (32, 64, 100, 512, 1024)),
        *((width, 256, 256, 1) for width in (4, 28, 784)),
        *((64, 256, 10), (64, 10), (1024, 1), (64, *(64,) * 8, 1)),
    ),
}


def _shapes(plain: Case) -> Iterator[Case]:
    """From one unit to 1,024, and deep networks."""
    for layers in SHAPES[plain.size]:
        case = _with(plain, "shape", "-".join(map(str, layers)), layers=layers)
        if layers[-1] == 1:
            case = replace(case, loss="mse")
        if plain.size == "tiles":  # an epoch of the largest is short, too
            few = MOST_UPDATED // case.mlp.n_parameters
            case = replace(case, samples=min(plain.samples, max(2 * plain.batch_size, few)))
        yield case


def _long_training() -> Iterator[tuple[Case, Case]]:
    """After thousands of steps a penalty has taken weights that nothing else moves towards 0."""
    rates = np.geomspace(1e-2, 1e-1, MANY)
    higgs = replace(
        PLAIN["lanes"], layers=(28, 32, 2), loss="cross_entropy", networks=MANY, trained=9375
    )
    for plain in (higgs, replace(higgs, size="tiles", layers=(28, 64, 2))):
        for rule, l2 in ((SGD, 0.1), (Adam, 1e-3)):
            without = replace(plain, optimizer=rule(learning_rate=rates))
            value = f"{rule.__name__}, l2 {l2}"
            optimizer = rule(learning_rate=rates, l2=l2)
            yield _with(plain, "9,375 steps", value, optimizer=optimizer), without
