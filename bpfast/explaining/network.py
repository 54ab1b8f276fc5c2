"""Networks to explain: the tutorial's, and those in JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..checks import FINITE
from ..training.network import MLP

# Two inputs, two hidden neurons, one output: where every backpropagation tutorial begins.
TUTORIAL: dict[str, Any] = {
    "mlp": MLP((2, 2, 1), activation="identity", loss="half_squared_error", bias=False),
    "weights": [[[0.11, 0.12], [0.21, 0.08]], [[0.14], [0.15]]],
    "x": [2.0, 3.0],
    "y": [1.0],
    "learning_rate": 0.05,
}

MLP_KEYS = ("layers", "activation", "loss", "bias", "delta", "quantile")
REQUIRED_KEYS = ("layers", "weights", "x", "y", "learning_rate")
KEYS = (*REQUIRED_KEYS, "biases", *MLP_KEYS[1:])
TYPES: dict[str, Any] = {
    "activation": (str, list),
    "loss": str,
    "bias": bool,
    "weights": list,
    "biases": list,
}
NUMBERS = ("learning_rate", "delta", "quantile")


def read_network(path: Path | str) -> dict[str, Any]:
    """Arguments of :func:`bpfast.explain` from a JSON file.

    The file holds an object with the keys layers, weights, x, y and learning_rate, and optionally
    biases, activation, loss, bias, delta and quantile (the last five as in :class:`MLP`); or it
    holds what ``bpfast explain --json`` wrote.

    Raises
    ------
    ValueError
        The file cannot be read, is not JSON, or a key is missing, not known or of another type.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if isinstance(content, dict):
        content = content.get("network", content)
    try:
        _check_keys(content)
        if isinstance(content.get("activation"), list):
            content["activation"] = tuple(content["activation"])
        mlp = MLP(**{key: content.pop(key) for key in MLP_KEYS if key in content})
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from None
    return {"mlp": mlp, **content}


def _check_keys(content) -> None:
    """Raise ``TypeError`` or ``ValueError`` where a network's JSON has wrong keys or types."""
    if not isinstance(content, dict):
        raise TypeError(f"expected an object with the keys {', '.join(REQUIRED_KEYS)}")
    if unknown := sorted(set(content) - set(KEYS)):
        raise ValueError(f"{unknown[0]!r} is not known: the keys are {', '.join(KEYS)}")
    if missing := [key for key in REQUIRED_KEYS if key not in content]:
        raise ValueError(f"{', '.join(missing)} missing: it needs {', '.join(REQUIRED_KEYS)}")
    for key, value in content.items():
        if not isinstance(value, TYPES.get(key, object)):
            raise TypeError(f"{key} is of the wrong type: {value!r}")
        if key in NUMBERS and not _is_number(value):
            raise ValueError(f"{key} must be a finite number, got {value!r}")
    if not all(isinstance(name, str) for name in content.get("activation", ())):
        raise ValueError(f"activation must be names, got {content['activation']!r}")


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= FINITE
