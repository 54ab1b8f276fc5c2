"""What one hyperparameter may be: a distribution of Optuna's or a fixed value, also from text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import import_optional
from .hyperparameters import INTEGERS, TEXTS, check_choices

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution


def dimension(name: str, values: Any) -> Any:
    """A distribution of Optuna's, or the one value that is left.

    Parameters
    ----------
    name : of the hyperparameter
    values : a distribution, a list of choices, one value, or text as :func:`parse` takes it

    Raises
    ------
    TypeError, ValueError
        A value that the hyperparameter cannot have.
    """
    if isinstance(values, str):
        values = parse(name, values)
    if is_distribution(values):
        _check_distribution(name, values)
        return values
    if isinstance(values, (list, tuple)):
        if not values:
            raise ValueError(f"{name} needs at least one choice")
        choices = [_stored(name, value) for value in values]
        check_choices(name, choices)
        return _distributions().CategoricalDistribution(choices)
    value = _stored(name, values)
    check_choices(name, [value])
    return value


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
    if ":" not in text or name in TEXTS:
        values = [_parse_value(name, part) for part in parts]
        return values if len(values) > 1 else values[0]
    low, high, *scale = text.split(":")
    if len(scale) > 1 or (scale and scale[0] not in ("log", "linear")):
        raise ValueError(f"{name}={text!r} is no range such as 1e-4:1e-1:log")
    return _range(name, _parse_value(name, low), _parse_value(name, high), log=scale == ["log"])


def is_distribution(values: Any) -> bool:
    """Whether values are one of Optuna's distributions."""
    return hasattr(values, "to_internal_repr")


def suggest(trial: Trial, name: str, distribution: Any) -> Any:
    """A hyperparameter's value, as a trial's sampler has it."""
    if hasattr(distribution, "choices"):
        return trial.suggest_categorical(name, distribution.choices)
    ask = trial.suggest_int if name in INTEGERS else trial.suggest_float
    low, high = distribution.low, distribution.high
    return ask(name, low, high, step=distribution.step, log=distribution.log)


def grid_values(name: str, distribution: Any) -> list[Any]:
    """All values that a grid has of a hyperparameter."""
    if hasattr(distribution, "choices"):
        return list(distribution.choices)
    count = grid_count(name, distribution)
    return [distribution.low + k * distribution.step for k in range(count)]


def grid_count(name: str, distribution: Any) -> int:
    """How many values a grid has of a hyperparameter.

    Raises
    ------
    ValueError
        A range without a step.
    """
    if hasattr(distribution, "choices"):
        return len(distribution.choices)
    if distribution.step is None or distribution.log:
        raise ValueError(f"{name}: a grid needs choices such as 0.1,0.01, not a range")
    return int((distribution.high - distribution.low) / distribution.step + 1e-9) + 1


def _parse_value(name: str, text: str) -> Any:
    if name in TEXTS:
        return text
    if text in ("True", "true", "False", "false"):
        return text.lower() == "true"
    try:
        return int(text) if name in INTEGERS else float(text)
    except ValueError:
        raise ValueError(
            f"{name}={text!r} is neither a range such as 1e-4:1e-1:log, nor numbers such as "
            "0.1,0.01"
        ) from None


def _range(name: str, low: float, high: float, log: bool) -> BaseDistribution:
    known = _distributions()
    made = known.IntDistribution if name in INTEGERS else known.FloatDistribution
    try:
        return made(low, high, log=log)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _distributions() -> Any:
    return import_optional("optuna", "sweep").distributions


def _stored(name: str, value: Any) -> Any:
    """A value as every storage keeps it: layer widths become text."""
    if name != "hidden":
        return value
    if isinstance(value, (list, tuple)):
        return "x".join(map(str, value)) or "none"
    return str(value)


def _check_distribution(name: str, distribution: Any) -> None:
    if hasattr(distribution, "choices"):
        check_choices(name, distribution.choices)
        return
    if name in TEXTS or name == "nesterov":
        raise ValueError(f"{name} needs choices, not a range")
    if name in INTEGERS and distribution != _distributions().IntDistribution(
        distribution.low, distribution.high, distribution.log, distribution.step or 1
    ):
        raise ValueError(f"{name} needs whole numbers: Optuna's IntDistribution")
    check_choices(name, [distribution.low])
