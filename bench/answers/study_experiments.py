"""What networks the study trains: an experiment is a function that lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ENCODINGS = (
    "scaled",
    "quantile",
    "piecewise4",
    "piecewise8",
    "piecewise8-raw",
    "piecewise8-open",
    "piecewise8-open-raw",
    "piecewise8-0.5",
    "piecewise8-plus",
    "piecewise16",
    "piecewise16-raw",
    "piecewise24",
    "piecewise48",
)
PLAIN = {
    "hidden": "64x64",
    "activation": "relu",
    "batch_size": 64,
    "epochs": 100,
    "smoothing": 0.0,
    "schedule": "constant",
    "warmup": 0,
    "beta2": 0.999,
    "patience": 12,
}


def encodings(random: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """The same ten networks for each encoding."""
    draws = [_regularised(random) | {"seed": k} for k in range(10)]
    return [PLAIN | draw | {"encoding": name} for name in ENCODINGS for draw in draws]


def scales(random: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """As :func:`encodings`, for other deviations of piecewise linear inputs."""
    draws = [_regularised(random) | {"seed": k} for k in range(10)]
    return [PLAIN | draw | {"encoding": name} for name in SCALED for draw in draws]


def wide(random: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """Networks at random from a wide space, two of each kind that is trained together."""
    found: list[dict[str, Any]] = []
    for _ in range(64):
        depth = int(random.integers(1, 4))
        bins = round(4.0 * 12.0 ** random.random())
        names = [f"piecewise{bins}-0.5", f"piecewise{bins}-0.3", "scaled", "quantile"]
        shared = {
            "encoding": str(random.choice(names, p=[0.4, 0.3, 0.15, 0.15])),
            "hidden": "x".join([str(random.choice([16, 32, 64, 128]))] * depth),
            "activation": str(random.choice(["relu", "gelu", "silu"])),
            "batch_size": int(random.choice([32, 64, 128, 256, 512])),
            "epochs": int(random.choice([32, 64, 128])),
        }
        for _ in range(2):
            own = {
                "schedule": str(random.choice(["constant", "cosine"])),
                "patience": int(random.choice([8, 16, 32])),
                "seed": len(found),
            }
            found.append(PLAIN | shared | own | _regularised(random, wider=True))
    return found


SCALED = (
    "piecewise8-centred",
    "piecewise8-0.25",
    "piecewise16-0.5",
    "piecewise16-0.25",
    "piecewise24-0.5",
    "piecewise48-0.25",
    "piecewise8-0.5-plus",
    "piecewise16-0.5-plus",
)


def _regularised(random: np.random.Generator, wider: bool = False) -> dict[str, float]:
    """A learning rate, weight decay and dropout."""
    low, high = (2e-4, 6e-2) if wider else (3e-4, 1e-2)
    return {
        "learning_rate": float(low * (high / low) ** random.random()),
        "weight_decay": float(
            10.0 ** (random.uniform(-4.0, 0.7) if wider else random.uniform(-5.0, 0.0))
        ),
        "dropout": float(random.choice([0.0, random.uniform(0.0, 0.5)])),
    }


EXPERIMENTS: dict[str, Callable[[np.random.Generator, int], list[dict[str, Any]]]] = {
    "encodings": encodings,
    "scales": scales,
    "wide": wide,
}
