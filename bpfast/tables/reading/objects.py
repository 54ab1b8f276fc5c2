"""Columns of Python's objects as polars' series.

polars goes by the first values: a word among NumPy's integers would be null, and a date among
numbers a number of days.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import import_optional

if TYPE_CHECKING:
    import polars as pl

_TYPES = (bool, int, float, Decimal, datetime, date, time, timedelta, str)  # each before its base
_NUMBERS = {bool, int, float, Decimal}
_PLAIN = ({str, type(None)}, {int, type(None)}, {float, type(None)}, {bool, type(None)})
_MISSING = ("NAType", "NaTType")  # types of pandas, which is not imported here


def of_objects(name: str, values: list[Any]) -> pl.Series:
    """Values as a column of their type, null for ``None``, NaT, pandas' ``NA``, NaN among words.

    Numbers of several types are numbers; all else of several types is words, from which typed
    columns are made as from a file's. A list, and what else is no single value, stays an object.
    """
    pl = import_optional("polars", "cli")
    given = {*map(type, values)}
    if not any(given <= plain for plain in _PLAIN):  # most columns need no copy
        values = [_plain(value) for value in values]
    types = {_base(own) for own in {*map(type, values)} - {type(None)}}
    # what polars refuses goes on: integers above 2**127, moments of several time zones
    with suppress(TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        if len(types) < 2 and types != {Decimal}:
            return pl.Series(name, values)
    with suppress(TypeError, ValueError, OverflowError):
        if types <= _NUMBERS:
            return pl.Series(name, [None if value is None else float(value) for value in values])
    if types <= {*_TYPES}:
        return pl.Series(name, [None if value is None else _as_word(value) for value in values])
    return pl.Series(name, values, dtype=pl.Object)


def is_missing(value: Any) -> bool:
    """Whether a value is ``None``, NaN, NaT or pandas' ``NA``."""
    if value is None or type(value).__name__ in _MISSING:
        return True
    return isinstance(value, (float, Decimal, np.generic)) and bool(value != value)


def _plain(value: Any) -> Any:
    """A value of Python's own types; ``None`` for a missing one."""
    if is_missing(value):
        return None
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return value.astype(f"{value.dtype.kind}8[us]").item()
    if isinstance(value, np.floating):
        return float(value)  # a long double's `item` is none of Python's
    return value.item() if isinstance(value, np.generic) else value


def _base(own: type) -> type:
    """The known type that a type is one of, such as ``datetime`` for pandas' ``Timestamp``."""
    return next((known for known in _TYPES if issubclass(own, known)), own)


def _as_word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
