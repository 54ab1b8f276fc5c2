"""The hyperparameters that a sweep knows: their names, what they may be, and when they matter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..checks import check_choice
from ..kernels.schedules import KINDS
from ..kernels.tables import ACTIVATIONS
from ..tables.encoding.expansion import SCALED, check_number_encoding
from ..training.initializers import INITIALIZERS
from ..training.optimizers import OPTIMIZERS

# Hyperparameters whose values are names, and these names.
CATEGORIES = {
    "activation": tuple(ACTIVATIONS),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": KINDS,
    "init": INITIALIZERS,
}
# Hyperparameters whose values are integers, and the least of each.
INTEGERS = {"width": 1, "depth": 0, "batch_size": 1, "seed": 0, "warmup": 0, "patience": 1}
OPTIMIZER_SETTINGS = dict.fromkeys(
    field.name for optimizer in OPTIMIZERS.values() for field in fields(optimizer)
)
# In the order in which a sampler is asked for them: the sampler's numbers depend on it.
HYPERPARAMETERS = tuple(
    dict.fromkeys(
        (
            *("hidden", "width", "depth", *CATEGORIES),
            *(name for name in INTEGERS if name != "patience"),
            *(*OPTIMIZER_SETTINGS, "dropout", "number_encoding", "patience"),
        )
    )
)
DEFAULTS = {
    "hidden": "32",
    "activation": "relu",
    "optimizer": "adam",
    "batch_size": 64,
    "init": "auto",
    "number_encoding": SCALED,
}
EPOCHS, PATIENT_EPOCHS = 30, 128  # of a training; the second where networks stop by patience
TEXTS = ("hidden", "number_encoding", *CATEGORIES)  # whose values are text
DECIDING = ("optimizer", "schedule")  # whether others matter depends on these
SCHEDULE_WITH = {"decay": "exponential", "minimum": "cosine"}


def widths(params: Mapping[str, Any]) -> tuple[int, ...]:
    """The hidden layers of a network with these hyperparameters."""
    if "width" in params:
        return (params["width"],) * params["depth"]
    return _parse_widths(params["hidden"])


def _parse_widths(text: str) -> tuple[int, ...]:
    if text == "none":
        return ()
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise ValueError(f"hidden={text!r} is no layer width such as 32, or 32x16 for two layers")
    return tuple(int(width) for width in text.split("x"))


def optimizers_with(name: str) -> list[str]:
    """The optimisers that have a setting which others lack; none for other hyperparameters."""
    having = [known for known, kind in OPTIMIZERS.items() if name in kind.__dataclass_fields__]
    return having if len(having) < len(OPTIMIZERS) else []


def matters(name: str, params: Mapping[str, Any]) -> bool:
    """Whether a hyperparameter does anything, given those that were asked for before it."""
    if optimizers := optimizers_with(name):
        return params["optimizer"] in optimizers
    if name in SCHEDULE_WITH:
        return params.get("schedule") == SCHEDULE_WITH[name]
    return True


def check_choices(name: str, choices: Sequence[Any]) -> None:
    """Raise ``ValueError`` or ``TypeError`` for a choice that a hyperparameter cannot be."""
    for choice in choices:
        if name == "hidden":
            _parse_widths(choice)
        elif name in CATEGORIES:
            check_choice(name, choice, CATEGORIES[name])
        elif name == "number_encoding":
            check_number_encoding(choice)
        elif name in INTEGERS and (type(choice) is not int or choice < INTEGERS[name]):
            least = INTEGERS[name]
            raise ValueError(f"{name} must be a whole number from {least}, got {choice!r}")
        elif not isinstance(choice, (int, float)):
            raise TypeError(f"{name} must be a number, got {choice!r}")
        elif not choice >= 0:
            raise ValueError(f"{name} must be at least 0, got {choice:g}")
