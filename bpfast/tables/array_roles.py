"""The data that a user gives, by their roles; those of an array."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .reading.objects import is_missing
from .roles import Roles

if TYPE_CHECKING:
    import polars as pl


class Split(NamedTuple):
    """Inputs, target and the rest, of the rows that have a target.

    Attributes
    ----------
    rows : how many rows there are, with a target and without
    target : for each column of the target its values in rows that have one
    row_numbers : of these rows
    inputs, groups, time, weights, left_out, notes, writing, numeric, categorical, keep : as in
        :class:`.dataset.Dataset`
    """

    rows: int
    target: Mapping[str, np.ndarray]
    row_numbers: np.ndarray
    inputs: pl.DataFrame | np.ndarray
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    weights: np.ndarray | None = None
    left_out: Mapping[str, str] = {}
    notes: Mapping[str, str] = {}
    writing: Mapping[str, Any] = {}
    numeric: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()


def split_array(X: np.ndarray, roles: Roles) -> Split:
    """An array's rows. All of its columns are inputs, and all rows have a target.

    Raises
    ------
    TypeError, ValueError
        A role that is a column's name or position, infinite numbers, an array of another length,
        a target with missing values, or of dates.
    """
    for option in ("drop", "numeric", "categorical", "keep"):
        if np.size(getattr(roles, option)):
            raise ValueError(
                f"{option} is for columns of a table, and X is an array, whose columns have no "
                "names: give a DataFrame"
            )
    target = _target(_beside("the target", roles.target))
    rows = len(next(iter(target.values()), ()))
    if X.ndim != 2 or len(X) != rows:
        raise ValueError(f"X has shape {X.shape}, expected ({rows}, features)")
    if np.isinf(X).any():
        where = tuple(np.argwhere(np.isinf(X))[0].tolist())
        raise ValueError(f"X has infinity, first at {where}: drop or replace such values first")
    groups, time, weights = (
        None if values is None else _beside(option, values)
        for option, values in (
            ("groups", roles.groups),
            ("time_column", roles.time_column),
            ("sample_weight", roles.sample_weight),
        )
    )
    return Split(
        rows,
        target,
        np.arange(rows),
        X,
        groups=None if groups is None else _plain_array("groups", groups),
        time=None if time is None else np.asarray(time),
        weights=None if weights is None else _plain_array("sample_weight", weights).astype(float),
    )


def target_arrays(y: Any) -> dict[str, Any]:
    """The columns of a target that is beside the table: an array, a series or a table.

    An array's one column has the name "", its several columns are y0, y1, ...
    """
    if hasattr(y, "columns"):
        return {str(name): np.asarray(y[name]) for name in y.columns}
    name = getattr(y, "name", None)
    if name is not None:  # a series
        return {str(name): y}
    array = y if isinstance(y, np.ma.MaskedArray) else _as_array(y)
    if array.ndim == 2 and array.shape[1]:
        if array.shape[1] == 1:
            return {"": array[:, 0]}
        return {f"y{k}": array[:, k] for k in range(array.shape[1])}
    return {"": array}


def _target(y: Any) -> dict[str, np.ndarray]:
    """The columns of a target, which are numbers, truth values or words."""
    target = {}
    for name, values in target_arrays(y).items():
        called = f"target {name!r}" if name else "the target"
        target[name] = _plain_array(called, values)
        if target[name].dtype.kind in "cMm":
            raise ValueError(f"{called} is of {target[name].dtype}: give classes or numbers")
    return target


def _as_array(y: Any) -> np.ndarray:
    try:
        return np.asarray(y)
    except ValueError as error:
        raise ValueError(f"the target is no array: {str(error).splitlines()[0]}") from None


def _plain_array(called: str, values: Any) -> np.ndarray:
    """An array of a type of NumPy's: objects become numbers, truth values or words."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()  # with None for what is masked
    array = np.asarray(values)
    if array.dtype.kind != "O" or array.ndim != 1:
        return array
    missing = [is_missing(value) for value in array]
    if any(missing):
        raise ValueError(f"{called} is missing at index {missing.index(True)}: leave such rows out")
    if all(isinstance(value, (Real, Decimal)) for value in array):
        numbers = np.array(array.tolist())
        return array.astype(np.float64) if numbers.dtype.kind == "O" else numbers
    return np.array([str(value) for value in array])


def _beside(option: str, values: Any) -> Any:
    """An array beside X, which must be none of its columns."""
    if isinstance(values, (str, int)):
        raise TypeError(
            f"{option} is {values!r}, and X is an array, whose columns have no names: give an "
            "array of a value for each row, or X as a DataFrame"
        )
    return values
