"""What a sweep may try: a space of hyperparameters, kept apart from how it is sampled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import one_of
from .kernels.math import ACTIVATIONS

NUMBERS = ("learning_rate", "l1", "l2", "weight_decay", "momentum", "clip_norm", "dropout")
CHOICES = ("hidden", "activation", "optimizer")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")


@dataclass(frozen=True)
class Float:
    """Numbers between two bounds, even on a straight or on a logarithmic scale.

    Raises
    ------
    ValueError
        Bounds that are not finite or not in order; a logarithmic scale from 0 or below.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"a range needs finite bounds in order, got {self.low}:{self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range must begin above 0, got {self.low}")

    def draw(self, rng: np.random.Generator, n: int) -> list[float]:
        """So many numbers of the range."""
        if self.log:
            low, high = np.log(self.low), np.log(self.high)
            drawn = np.exp(rng.uniform(low, high, n))
        else:
            drawn = rng.uniform(self.low, self.high, n)
        return list(np.clip(drawn, self.low, self.high).astype(float))


@dataclass(frozen=True)
class Categorical:
    """One of some values, all as likely."""

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.choices:
            raise ValueError("a choice needs at least one value")

    def draw(self, rng: np.random.Generator, n: int) -> list[Any]:
        """So many of the values."""
        return [self.choices[k] for k in rng.integers(0, len(self.choices), n)]


@dataclass(frozen=True)
class Space:
    """Hyperparameters by their names, each with what it may be.

    Parameters
    ----------
    dimensions : mapping of name to :class:`Float` or :class:`Categorical`
        ``hidden`` holds tuples of layer widths, ``activation`` and ``optimizer`` names; the rest
        are numbers: learning_rate, l1, l2, weight_decay, momentum, clip_norm, dropout.

    Raises
    ------
    ValueError
        A name or a choice that is not known, or a number below 0.
    """

    dimensions: Mapping[str, Float | Categorical]

    def __post_init__(self) -> None:
        for name, dimension in self.dimensions.items():
            one_of("hyperparameter", name, NUMBERS + CHOICES)
            if name in CHOICES and isinstance(dimension, Float):
                raise ValueError(f"{name} needs choices, not a range")
            if name in NUMBERS and _least(dimension) < 0:
                raise ValueError(f"{name} must be at least 0, got {_least(dimension):g}")
        for name, names in (("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)):
            for choice in self._choices(name):
                one_of(name, choice, names)
        if "momentum" in self.dimensions and not {"sgd", "rmsprop"} & {*self._choices("optimizer")}:
            raise ValueError("momentum is for sgd and rmsprop: add one of them to optimizer")

    def _choices(self, name: str) -> tuple[Any, ...]:
        dimension = self.dimensions.get(name)
        return dimension.choices if isinstance(dimension, Categorical) else ()

    def draw(self, rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
        """So many points of the space, independent of each other."""
        columns = {name: dimension.draw(rng, n) for name, dimension in self.dimensions.items()}
        return [{name: column[k] for name, column in columns.items()} for k in range(n)]


def _least(dimension: Float | Categorical) -> float:
    return dimension.low if isinstance(dimension, Float) else min(dimension.choices)


def default_space() -> Space:
    """Learning rate, width and regularisation of one hidden layer under Adam."""
    return Space(
        {
            "learning_rate": Float(1e-4, 1e-1, log=True),
            "hidden": Categorical(((16,), (32,), (64,))),
            "l2": Float(1e-6, 1e-2, log=True),
        }
    )


def parse(name: str, text: str) -> Float | Categorical:
    """A dimension from what a user typed.

    ``1e-4:1e-1:log`` is a range on a logarithmic scale, ``0:0.9`` on a straight one, ``16,32x32``
    are choices (layer widths for ``hidden``, "none" for no hidden layer), ``0.1`` is fixed.

    Raises
    ------
    ValueError
        Text that is none of these.
    """
    parts = text.split(":")
    if name == "hidden":
        return Categorical(tuple(_widths(part) for part in text.split(",")))
    if name in CHOICES:
        return Categorical(tuple(part.strip() for part in text.split(",")))
    try:
        if len(parts) == 1:
            return Categorical(tuple(float(part) for part in text.split(",")))
        if len(parts) == 2 or (len(parts) == 3 and parts[2] in ("log", "linear")):
            return Float(float(parts[0]), float(parts[1]), parts[-1] == "log")
    except ValueError as error:
        if "could not convert" not in str(error):
            raise ValueError(f"{name}={text}: {error}") from None
    raise ValueError(
        f"{name}={text!r} is neither a range such as 1e-4:1e-1:log, nor numbers such as 0.1,0.01"
    )


def _widths(text: str) -> tuple[int, ...]:
    text = text.strip()
    if text == "none":
        return ()
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise ValueError(f"hidden={text!r} is no layer width such as 32, or 32x16 for two layers")
    return tuple(int(width) for width in text.split("x"))
