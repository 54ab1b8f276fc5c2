"""Checks of values that users give: bad ones raise TypeError or ValueError, and are told why."""

from __future__ import annotations

import reprlib
from collections.abc import Collection
from numbers import Real

import numpy as np

from .arrays import as_array, module_of, to_host
from .kernels.task import repeated

MOST_EXACT = 2**53  # below which float64 holds every integer
FINITE = float(np.finfo(np.float64).max)
SMALL = 1 << 12  # numbers whose mask is made faster than the least and the greatest are found
BELOW_ONE = float(np.nextafter(1.0, 0.0))  # the greatest number allowed where 1 is too much


def check_int(name: str, value, low: int, high: int = 2**64 - 1) -> int:
    """An integer from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    if value > high:
        raise ValueError(f"{name} must be at most {high}, got {value}")
    return int(value)


def check_bool(name: str, value) -> bool:
    """True or False; 0 and 1 are refused."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_choice(name: str, value, choices: Collection[str]) -> None:
    """Refuse what is not among the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}={value!r} is not known: choose from {', '.join(choices)}")


def check_number(
    name: str, value, low: float, high: float = FINITE, open_low: bool = False
) -> float:
    """One number, bounded as in :func:`check_numbers`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return float(check_numbers(name, float(value), 1, low, high, open_low)[0])


def check_numbers(
    name: str,
    value,
    n: int,
    low: float,
    high: float = FINITE,
    open_low: bool = False,
    epochs: int | None = None,
) -> np.ndarray:
    """A hyperparameter as an (n,) float64 array, read-only: a scalar is one number repeated.

    Parameters
    ----------
    value : a number, or an array of n of them
    low, high : the least and the greatest allowed; ``open_low`` excludes ``low`` itself
    epochs : where given, an array of (n, epochs) or (1, epochs) is (n, epochs) numbers
    """
    if type(value) is int and abs(value) < MOST_EXACT:
        value = float(value)
    if isinstance(value, float) and low <= value <= high and not (open_low and value == low):
        return repeated(np.float64(value), n)  # as most are, in a fraction of the time
    array = check_array(name, value, np.float64, f"a number, or one for each of the {n} networks")
    shape: tuple[int, ...] = (n,)
    if epochs is not None and array.shape in ((1, epochs), (n, epochs)):
        shape = (n, epochs)
    elif array.shape not in ((), (n,)):
        also = "" if epochs is None else f", or an array of {(n, epochs)} for every epoch"
        raise ValueError(
            f"{name} has shape {array.shape}: give one number, or one for each of the {n} networks"
            f"{also}"
        )
    bad = ~((array > low if open_low else array >= low) & (array <= high))
    if bad.any():
        got = f"{array[bad][0]:g}"
        if array.ndim:
            got += f" for network {np.argwhere(bad)[0, 0]}"
        raise ValueError(f"{name} must be {_bounds(low, high, open_low)}, got {got}")
    return np.broadcast_to(array, shape)


def _bounds(low: float, high: float, open_low: bool) -> str:
    lower = f"{'above' if open_low else 'at least'} {low:g}"
    if high in (FINITE, np.inf):
        return f"{lower} and finite" if high == FINITE else lower
    return f"{lower} and {'below 1' if high == BELOW_ONE else f'at most {high:g}'}"


def check_array(
    name: str, values, dtype, wanted: str = "an array of numbers", keep_on_gpu: bool = False
) -> np.ndarray:
    """Values as a row-major array of a dtype; what it cannot hold becomes infinite.

    Text, complex numbers, dates and rows of different lengths are refused; what is masked is NaN.
    An array on a GPU is copied to the host; with ``keep_on_gpu`` it stays, as an array of CuPy.
    """
    if isinstance(values, np.ma.MaskedArray) and values.mask.any() and values.dtype.kind in "biuf":
        values = np.where(values.mask, np.nan, values.data)
    try:
        array = as_array(values)
        if not keep_on_gpu:
            array = to_host(array)
        # a table's column, with None for what is missing, or a number that is not NumPy's
        if array.dtype.kind == "O" and (array.ndim or isinstance(values, Real)):
            array = array.astype(np.float64)
    except (OverflowError, TypeError, ValueError) as error:
        raise TypeError(f"{name} must be {wanted}: {error}") from None
    if array.dtype.kind not in "biuf":
        got = f"dtype {array.dtype}" if array.ndim else reprlib.repr(values)
        raise TypeError(f"{name} must be {wanted}, got {got}")
    with np.errstate(over="ignore"):
        return module_of(array).asarray(array, dtype=dtype, order="C")


def is_finite(array: np.ndarray) -> bool:
    """Whether all numbers are finite."""
    if array.size <= SMALL and isinstance(array, np.ndarray):
        return bool(np.count_nonzero(np.isfinite(array)) == array.size)
    # The least and the greatest tell: a large array's mask would take a quarter of its memory.
    return not array.size or bool((-np.inf < array.min()) & (array.max() < np.inf))


def check_finite(name: str, array: np.ndarray) -> np.ndarray:
    """The array itself; NaN and infinity are refused, and the message says where they are."""
    if not is_finite(array):
        xp = module_of(array)
        where = tuple(xp.argwhere(~xp.isfinite(array))[0].tolist())
        raise ValueError(
            f"{name} has NaN or infinity, first at {where}: drop or replace such values first"
        )
    return array
