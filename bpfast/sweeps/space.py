"""What a sweep may try: hyperparameters by name, each with Optuna's distribution of its values."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks import check_choice
from ..errors import import_optional
from .dimensions import dimension, grid_count, grid_values, is_distribution, suggest
from .hyperparameters import (
    DECIDING,
    DEFAULTS,
    HYPERPARAMETERS,
    SCHEDULE_WITH,
    matters,
    optimizers_with,
)
from .stored_study import create_study

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution

TYPICAL = 16  # points that tell what a network costs


class Space:
    """Hyperparameters by their names, each with what it may be.

    Parameters
    ----------
    dimensions : mapping of name to values
        Values are one of Optuna's distributions, a list of choices, a single value, or text such as
        "1e-4:1e-1:log" (a range), "0:0.9" and "16,32x32" (choices).
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
            value = dimension(name, values)
            (self.dimensions if is_distribution(value) else self.fixed)[name] = value
        self._check_uses(dimensions)

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """A point of the space, as a trial's sampler has it: its hyperparameters by name."""
        params: dict[str, Any] = {}
        for name in HYPERPARAMETERS:
            if name in self.fixed and matters(name, params):
                params[name] = self.fixed[name]
            elif name in self.dimensions and matters(name, params):
                params[name] = suggest(trial, name, self.dimensions[name])
        return params

    def describe(self) -> dict[str, str]:
        """Each hyperparameter and what it may be, as text that two equal spaces share."""
        known = {name: str(distribution) for name, distribution in self.dimensions.items()}
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
        counts = {n: grid_count(n, d) for n, d in self.dimensions.items() if n not in DECIDING}
        return sum(
            math.prod(count for name, count in counts.items() if matters(name, point))
            for point in self._points(DECIDING)
        )

    def typical(self) -> list[dict[str, Any]]:
        """A few points, always the same, which tell what networks of this space cost."""
        samplers = import_optional("optuna", "sweep").samplers
        study = create_study(sampler=samplers.RandomSampler(0))
        return [self.suggest(study.ask()) for _ in range(TYPICAL)]

    def _points(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """All points of a grid over some of the hyperparameters."""
        points: list[dict[str, Any]] = [{}]
        for name in names:
            if name in self.fixed:
                values = [self.fixed[name]]
            elif name in self.dimensions:
                values = grid_values(name, self.dimensions[name])
            else:
                continue
            points = [
                point | extra
                for point in points
                for extra in ([{name: v} for v in values] if matters(name, point) else [{}])
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
            users = optimizers_with(name)
            if users and not {*users} & {*self._choices("optimizer")}:
                raise ValueError(f"{name} is for {' and '.join(users)}: add one to optimizer")
            schedule = SCHEDULE_WITH.get(name)
            if schedule and schedule not in self._choices("schedule"):
                raise ValueError(f"{name} is for the {schedule} schedule: add it to schedule")


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
