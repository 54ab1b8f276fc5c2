"""What a sweep may try: hyperparameters by name, each with Optuna's distribution of its values."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks import check_choice
from ..errors import import_optional
from ..kernels.schedules import KINDS
from ..kernels.tables import ACTIVATIONS
from ..training.initializers import INITIALIZERS
from ..training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution

NAMES = {
    "activation": tuple(ACTIVATIONS),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": KINDS,
    "init": INITIALIZERS,
}
WHOLE = {"width": 1, "depth": 0, "batch_size": 1, "seed": 0, "warmup": 0}  # and the least of each
SETTINGS = tuple(
    dict.fromkeys(field.name for kind in OPTIMIZERS.values() for field in fields(kind))
)
HYPERPARAMETERS = tuple(
    dict.fromkeys(("hidden", "width", "depth", *NAMES, *WHOLE, *SETTINGS, "dropout"))
)
DEFAULTS = {
    "hidden": "32",
    "activation": "relu",
    "optimizer": "adam",
    "batch_size": 64,
    "init": "auto",
}
# What a sweep varies if nothing is said, as a user would type it.
USUAL = {"learning_rate": "1e-4:1e-1:log", "hidden": "16,32,64", "l2": "1e-6:1e-2:log"}
DECIDING = ("optimizer", "schedule")  # whether others matter depends on these
OF_SCHEDULES = {"decay": "exponential", "minimum": "cosine"}


class Space:
    """Hyperparameters by their names, each with what it may be.

    Parameters
    ----------
    dimensions : mapping of name to values
        Values are one of Optuna's distributions, a list of choices, a single value, or text as
        :func:`parse` takes it, such as "1e-4:1e-1:log".
        ``hidden`` holds layer widths such as 32, "32x16", (32, 16) or "none"; ``width`` and
        ``depth`` say the same in two whole numbers. ``activation``, ``optimizer``, ``schedule`` and
        ``init`` hold names; ``batch_size`` and ``seed`` (of the initial weights) whole numbers; the
        rest are numbers: learning_rate, l1, l2, weight_decay, clip_norm, dropout, warmup, what a
        schedule has (decay, minimum) and what optimisers have (momentum, nesterov, beta1, beta2,
        alpha, epsilon), which are asked for only where they matter.

    Raises
    ------
    TypeError, ValueError
        A name or a choice that is not known, a number below 0, or what nothing in the space uses.
    ImportError
        Optuna is not installed.
    """

    def __init__(self, dimensions: Mapping[str, Any]) -> None:
        self.dimensions: dict[str, BaseDistribution] = {}
        self.fixed: dict[str, Any] = {}
        for name, values in (DEFAULTS | dict(dimensions)).items():
            check_choice("hyperparameter", name, HYPERPARAMETERS)
            values = _normal(name, values)
            if hasattr(values, "to_internal_repr"):
                _check_distribution(name, values)
                self.dimensions[name] = values
            else:
                _check_choices(name, [values])
                self.fixed[name] = values
        self._check_uses(dimensions)

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """A point of the space, as a trial's sampler has it: its hyperparameters by name."""
        point: dict[str, Any] = {}
        for name in HYPERPARAMETERS:
            if name in self.fixed and _matters(name, point):
                point[name] = self.fixed[name]
            elif name in self.dimensions and _matters(name, point):
                point[name] = _suggest(trial, name, self.dimensions[name])
        return point

    def describe(self) -> dict[str, str]:
        """Each hyperparameter and what it may be, as text that two equal spaces share."""
        known = {name: str(dimension) for name, dimension in self.dimensions.items()}
        return dict(sorted((known | {k: repr(v) for k, v in self.fixed.items()}).items()))

    def grid(self) -> list[dict[str, Any]]:
        """All points, where each dimension has choices or steps.

        Raises
        ------
        ValueError
            A range without a step.
        """
        return self._points(HYPERPARAMETERS)

    def grid_size(self) -> int:
        """How many points the grid has, which may be more than memory holds.

        Raises
        ------
        ValueError
            A range without a step.
        """
        others = {n: _count(n, d) for n, d in self.dimensions.items() if n not in DECIDING}
        return sum(
            math.prod(count for name, count in others.items() if _matters(name, point))
            for point in self._points(DECIDING)
        )

    def _points(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """All points of a grid over some of the hyperparameters."""
        points: list[dict[str, Any]] = [{}]
        for name in names:
            if name in self.fixed:
                values = [self.fixed[name]]
            elif name in self.dimensions:
                values = _steps(name, self.dimensions[name])
            else:
                continue
            points = [
                point | extra
                for point in points
                for extra in ([{name: v} for v in values] if _matters(name, point) else [{}])
            ]
        return points

    def _choices(self, name: str) -> Sequence[Any]:
        if name in self.fixed:
            return (self.fixed[name],)
        return getattr(self.dimensions.get(name), "choices", ())

    def _check_uses(self, given: Mapping[str, Any]) -> None:
        """Refuse what no point of the space can use."""
        if "hidden" in given and {"width", "depth"} & given.keys():
            raise ValueError("hidden says what width and depth say: give the one or the others")
        if {"width", "depth"} & given.keys():
            self.fixed.pop("hidden")
            if not {"width", "depth"} <= given.keys():
                raise ValueError("width and depth belong together: give both")
        for name in given:
            users = _users(name)
            if users and not {*users} & {*self._choices("optimizer")}:
                raise ValueError(f"{name} is for {' and '.join(users)}: add one to optimizer")
            schedule = OF_SCHEDULES.get(name)
            if schedule and schedule not in self._choices("schedule"):
                raise ValueError(f"{name} is for the {schedule} schedule: add it to schedule")


def widths(point: Mapping[str, Any]) -> tuple[int, ...]:
    """The hidden layers of a point."""
    if "width" in point:
        return (point["width"],) * point["depth"]
    return _widths(point["hidden"])


def read(path: Path) -> dict[str, Any]:
    """Dimensions from a TOML file: ``learning_rate = "1e-4:1e-1:log"``, ``hidden = [16, "32x16"]``.

    Raises
    ------
    ValueError
        Not TOML, or a name that is not known.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    for name in table:
        check_choice(f"{path}: hyperparameter", name, HYPERPARAMETERS)
    return table


def parse(name: str, text: str) -> Any:
    """A dimension from what a user typed.

    ``1e-4:1e-1:log`` is a range on a logarithmic scale, ``0:0.9`` on a straight one, ``16,32x32``
    are choices (layer widths for ``hidden``, "none" for no hidden layer), ``0.1`` is fixed.

    Raises
    ------
    ValueError
        Text that is none of these.
    """
    parts = [part.strip() for part in text.split(",")]
    if ":" not in text or name == "hidden" or name in NAMES:
        values = [_value(name, part) for part in parts]
        return values if len(values) > 1 else values[0]
    low, high, *scale = text.split(":")
    if len(scale) > 1 or (scale and scale[0] not in ("log", "linear")):
        raise ValueError(f"{name}={text!r} is no range such as 1e-4:1e-1:log")
    return _range(name, _value(name, low), _value(name, high), scale == ["log"])


def _value(name: str, text: str) -> Any:
    if name == "hidden" or name in NAMES:
        return text
    if text in ("True", "true", "False", "false"):
        return text.lower() == "true"
    try:
        return int(text) if name in WHOLE else float(text)
    except ValueError:
        raise ValueError(
            f"{name}={text!r} is neither a range such as 1e-4:1e-1:log, nor numbers such as "
            "0.1,0.01"
        ) from None


def _range(name: str, low: float, high: float, log: bool) -> BaseDistribution:
    kind = _distributions().IntDistribution if name in WHOLE else _distributions().FloatDistribution
    try:
        return kind(low, high, log=log)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _distributions() -> Any:
    return import_optional("optuna", "sweep").distributions


def _normal(name: str, values: Any) -> Any:
    """A distribution or a single value; layer widths become text, which every storage keeps."""
    if isinstance(values, str):
        values = parse(name, values)
    if hasattr(values, "to_internal_repr"):
        return values
    if isinstance(values, (list, tuple)):
        if not values:
            raise ValueError(f"{name} needs at least one choice")
        choices = [_text(value) if name == "hidden" else value for value in values]
        _check_choices(name, choices)
        return _distributions().CategoricalDistribution(choices)
    return _text(values) if name == "hidden" else values


def _text(hidden: Any) -> str:
    if isinstance(hidden, (list, tuple)):
        return "x".join(map(str, hidden)) or "none"
    return str(hidden)


def _check_distribution(name: str, dimension: Any) -> None:
    if hasattr(dimension, "choices"):
        _check_choices(name, dimension.choices)
        return
    if name == "hidden" or name in NAMES or name == "nesterov":
        raise ValueError(f"{name} needs choices, not a range")
    if name in WHOLE and dimension != _distributions().IntDistribution(
        dimension.low, dimension.high, dimension.log, dimension.step or 1
    ):
        raise ValueError(f"{name} needs whole numbers: Optuna's IntDistribution")
    _check_choices(name, [dimension.low])


def _check_choices(name: str, choices: Sequence[Any]) -> None:
    for choice in choices:
        if name == "hidden":
            _widths(choice)
        elif name in NAMES:
            check_choice(name, choice, NAMES[name])
        elif name in WHOLE and (type(choice) is not int or choice < WHOLE[name]):
            least = WHOLE[name]
            raise ValueError(f"{name} must be a whole number from {least}, got {choice!r}")
        elif not isinstance(choice, (int, float)):
            raise TypeError(f"{name} must be a number, got {choice!r}")
        elif not choice >= 0:
            raise ValueError(f"{name} must be at least 0, got {choice:g}")


def _widths(text: str) -> tuple[int, ...]:
    if text == "none":
        return ()
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise ValueError(f"hidden={text!r} is no layer width such as 32, or 32x16 for two layers")
    return tuple(int(width) for width in text.split("x"))


def _users(name: str) -> list[str]:
    """The optimisers that have a setting which others lack."""
    users = [known for known, kind in OPTIMIZERS.items() if name in kind.__dataclass_fields__]
    return users if len(users) < len(OPTIMIZERS) else []


def _matters(name: str, point: Mapping[str, Any]) -> bool:
    """Whether a hyperparameter does anything, given those that were asked for before it."""
    users = _users(name)
    if users:
        return point["optimizer"] in users
    if name in OF_SCHEDULES:
        return point.get("schedule") == OF_SCHEDULES[name]
    return True


def _suggest(trial: Trial, name: str, dimension: Any) -> Any:
    if hasattr(dimension, "choices"):
        return trial.suggest_categorical(name, dimension.choices)
    if name in WHOLE:
        return trial.suggest_int(
            name, dimension.low, dimension.high, step=dimension.step, log=dimension.log
        )
    return trial.suggest_float(
        name, dimension.low, dimension.high, step=dimension.step, log=dimension.log
    )


def _steps(name: str, dimension: Any) -> list[Any]:
    if hasattr(dimension, "choices"):
        return list(dimension.choices)
    return [dimension.low + k * dimension.step for k in range(_count(name, dimension))]


def _count(name: str, dimension: Any) -> int:
    """How many values of a dimension a grid has."""
    if hasattr(dimension, "choices"):
        return len(dimension.choices)
    if dimension.step is None or dimension.log:
        raise ValueError(f"{name}: a grid needs choices such as 0.1,0.01, not a range")
    return int((dimension.high - dimension.low) / dimension.step + 1e-9) + 1
