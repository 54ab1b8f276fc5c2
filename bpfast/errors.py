"""Errors of bpfast, and the words in which bad input is refused."""

from __future__ import annotations

import numpy as np

FINITE = float(np.finfo(np.float64).max)


class DeviceError(RuntimeError):
    """A device was asked for that cannot be used here."""


def missing_extra(package: str, extra: str) -> ImportError:
    """What to raise where an optional package is needed and not there."""
    return ImportError(f'{package} is not installed: pip install "bpfast[{extra}]"')


def numbers(name: str, value, n: int, low: float, high: float = FINITE, open_low=False) -> np.ndarray:
    """A hyperparameter as an (n,) float64 array.

    Parameters
    ----------
    value : a number, or an array of n of them
    low, high : the least and the greatest allowed; ``open_low`` excludes ``low`` itself

    Raises
    ------
    TypeError, ValueError
        Not numeric; neither a scalar nor (n,); NaN; out of range.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number or an array of {n}, got {value!r}") from None
    if array.shape not in ((), (n,)):
        raise ValueError(
            f"{name} has shape {array.shape}: give one number, or one for each of the {n} networks"
        )
    bad = ~((array > low if open_low else array >= low) & (array <= high))
    if bad.any():
        first = array[bad][0] if array.ndim else array
        bounds = f"{'above' if open_low else 'at least'} {low:g} and "
        bounds += f"at most {high:g}" if high < FINITE else "finite"
        raise ValueError(f"{name} must be {bounds}, got {float(first):g}")
    return np.array(np.broadcast_to(array, (n,)))


def one_of(name: str, value, choices) -> None:
    """Raise ``ValueError`` unless ``value`` is among the choices."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} is not known: choose from {', '.join(map(str, choices))}")


def whole(name: str, value, low: int) -> int:
    """An integer of at least ``low``.

    Raises
    ------
    TypeError, ValueError
        Not an integer; below ``low``.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    return int(value)
