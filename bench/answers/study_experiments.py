"""What networks the study trains: an experiment is a function that lists them."""

from __future__ import annotations

from typing import Any

import numpy as np

Network = dict[str, Any]
# Tables that the default space was tuned on: a real sweep of the others shows whether it holds.
TUNED_ON = (
    *("magic", "letter", "satimage", "blocks", "hr", "telco", "credit"),
    *("diamonds", "concrete", "checks", "wages", "assets", "texas", "bikes"),
)
ENCODINGS = (
    *("scaled", "quantile", "piecewise4", "piecewise8", "piecewise16", "piecewise24"),
    *("piecewise48", "piecewise8-raw", "piecewise8-centred", "piecewise8-0.2", "piecewise8-1"),
    *("piecewise8-open", "piecewise8-plus", "piecewise24-0.2", "piecewise24-1"),
)
PLAIN = {
    "hidden": "64x64",
    "activation": "relu",
    "batch_size": 64,
    "epochs": 100,
    "schedule": "constant",
    "patience": 12,
}


def encodings(random: np.random.Generator) -> list[Network]:
    """The same ten networks for each encoding."""
    draws = [_regularised(random, (3e-4, 1e-2), (-5.0, 0.0)) | {"seed": k} for k in range(10)]
    return [PLAIN | draw | {"encoding": name} for name in ENCODINGS for draw in draws]


def wide(random: np.random.Generator) -> list[Network]:
    """Networks at random from a wide space, two of each kind that is trained together."""
    found: list[Network] = []
    for _ in range(64):
        depth = int(random.integers(1, 4))
        bins = round(4.0 * 12.0 ** random.random())
        names = [f"piecewise{bins}", "scaled", "quantile"]
        shared = {
            "encoding": str(random.choice(names, p=[0.7, 0.15, 0.15])),
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
            found.append(shared | own | _regularised(random, (2e-4, 6e-2), (-4.0, 0.7)))
    return found


def _regularised(
    random: np.random.Generator, rates: tuple[float, float], decays: tuple[float, float]
) -> dict[str, float]:
    """A learning rate, a weight decay between powers of ten, and dropout."""
    low, high = rates
    return {
        "learning_rate": float(low * (high / low) ** random.random()),
        "weight_decay": float(10.0 ** random.uniform(*decays)),
        "dropout": float(random.choice([0.0, random.uniform(0.0, 0.5)])),
    }


EXPERIMENTS = {"encodings": encodings, "wide": wide}
