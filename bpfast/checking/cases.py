"""Random networks, samples and optimisers, of shapes for which each strategy is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..kernels.tables import ACTIVATIONS
from ..training.network import BUILT_IN, MLP, loss_names
from ..training.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop


class Shape(NamedTuple):
    """Sizes of a case: widths of hidden layers, number of networks and samples, batch size."""

    hidden: tuple[int, ...]
    n: int = 17
    samples: int = 45
    batch_size: int = 11


# For each of a device's strategies a shape that it is chosen for. No size is a multiple of those
# that kernels work in.
TINY, SMALL, MIDDLE = Shape((3,)), Shape((7, 15)), Shape((65, 37), n=5)
WIDE, LARGE = Shape((401,), n=1, samples=601, batch_size=333), Shape((401, 307), n=2)
SHAPES = {"cpu": (SMALL, MIDDLE, WIDE), "cuda": (TINY, MIDDLE, LARGE)}


@dataclass(frozen=True)
class Case:
    """A network, samples and an optimiser."""

    mlp: MLP
    X: np.ndarray
    y: np.ndarray
    n: int
    optimizer: Optimizer
    batch_size: int
    seed: int

    def __str__(self) -> str:
        widths = "-".join(map(str, self.mlp.layers))
        names = f"{'/'.join(self.mlp.activations)} {self.mlp.loss}"
        return f"{widths} {names} {type(self.optimizer).__name__}"


def draw_case(shape: Shape, rng: np.random.Generator) -> Case:
    """A random case of some sizes."""
    n, samples = shape.n, shape.samples
    built_in = [name for name in ACTIVATIONS if name in BUILT_IN]
    loss = str(rng.choice([name for name in loss_names() if name in BUILT_IN]))
    layers = (int(rng.integers(1, 6)), *shape.hidden, int(rng.integers(2, 5)))
    activations = tuple(str(name) for name in rng.choice(built_in, len(shape.hidden)))
    X = rng.normal(size=(samples, layers[0]))
    y: np.ndarray = rng.normal(size=(samples, layers[-1]))
    if loss == "cross_entropy":
        y = rng.integers(0, layers[-1], samples)
    elif loss == "poisson":
        y = rng.poisson(1.0, (samples, layers[-1])).astype(float)
    elif loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (samples, layers[-1])).astype(float)
    mlp = MLP(layers, activations, loss, bias=bool(rng.integers(2)))
    return Case(mlp, X, y, n, _draw_optimizer(n, rng), shape.batch_size, int(rng.integers(999)))


def _draw_optimizer(n: int, rng: np.random.Generator) -> Optimizer:
    shared: dict[str, Any] = {
        "learning_rate": 10.0 ** rng.uniform(-3, -2, n),
        "l1": rng.uniform(0, 0.01, n),
        "l2": rng.uniform(0, 0.01, n),
        "clip_norm": rng.uniform(0.5, 2.0, n),
        "schedule": str(rng.choice(["constant", "exponential", "cosine"])),
    }
    optimizers = [
        SGD(momentum=rng.uniform(0, 0.9, n), nesterov=rng.integers(0, 2, n), **shared),
        SGD(weight_decay=rng.uniform(0, 0.1, n), **shared),
        Adam(beta1=rng.uniform(0.5, 0.95, n), epsilon=1e-4, **shared),
        AdamW(weight_decay=rng.uniform(0, 0.1, n), epsilon=1e-4, **shared),
        RMSprop(alpha=rng.uniform(0.8, 0.99, n), momentum=0.5, epsilon=1e-4, **shared),
    ]
    return optimizers[rng.integers(len(optimizers))]
