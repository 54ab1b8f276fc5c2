"""Tables that are in memory already, as polars' frames."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import import_optional
from .header import column_names
from .objects import of_objects

if TYPE_CHECKING:
    import polars as pl

_SIMPLE = "iufbmM"  # kinds of NumPy's types that polars takes as they are
_TABLES = (
    "a table with named columns: a DataFrame of polars or pandas, an Arrow table, a dict of "
    "arrays, a list of dicts"
)


def is_table(data: Any) -> bool:
    """Whether data are a table with named columns, and not an array."""
    if isinstance(data, Mapping) or _is_list_of_dicts(data):
        return True
    if isinstance(data, np.ndarray):
        return data.dtype.names is not None
    marks = ("__dataframe__", "columns", "column_names", "collect_schema")
    return any(hasattr(type(data), mark) for mark in marks)


def as_frame(data: Any) -> pl.DataFrame:
    """A table as a polars ``DataFrame``.

    Parameters
    ----------
    data : a frame of polars (a lazy one is collected) or pandas, an Arrow table or anything that
        hands its columns on as these do, a dict of arrays, a list of dicts, or an array with names

    Raises
    ------
    TypeError
        Something else.
    ValueError
        Columns of different lengths, or of more than one value a row.
    """
    pl = import_optional("polars", "cli")
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame):
        return data.rename(dict(zip(data.columns, column_names(data.columns)[0], strict=True)))
    if not is_table(data):
        raise TypeError(f"expected {_TABLES}; got {_described(data)}")
    if _is_of_pandas(data):
        return _of_columns([*data.columns], [data.iloc[:, k] for k in range(data.shape[1])])
    if isinstance(data, Mapping):
        return _of_columns([*data], [*data.values()])
    if _is_list_of_dicts(data):
        names = [*dict.fromkeys(name for row in data for name in row)]
        return _of_columns(names, [[row.get(name) for row in data] for name in names])
    if isinstance(data, np.ndarray):
        names = [*(data.dtype.names or ())]
        return _of_columns(names, [data[name] for name in names])
    errors = pl.exceptions.PolarsError, pl.exceptions.PanicException  # which is no Exception
    try:
        if hasattr(data, "__arrow_c_stream__"):
            return as_frame(pl.DataFrame(data))
        return as_frame(pl.from_dataframe(data))
    except (TypeError, ValueError, AttributeError, *errors) as error:
        why = str(error).splitlines()[0]
        raise TypeError(f"expected {_TABLES}; {_described(data)} gives none: {why}") from None


def _is_list_of_dicts(data: Any) -> bool:
    return (
        isinstance(data, (list, tuple))
        and bool(data)
        and all(isinstance(row, Mapping) for row in data)
    )


def _is_of_pandas(data: Any) -> bool:
    return any(own.__module__.partition(".")[0] == "pandas" for own in type(data).__mro__)


def _described(data: Any) -> str:
    shape = getattr(data, "shape", None)
    return type(data).__name__ + (f" of shape {shape}" if shape is not None else "")


def _of_columns(names: list[Any], columns: list[Any]) -> pl.DataFrame:
    pl = import_optional("polars", "cli")
    told, _ = column_names([str(name) for name in names])
    series = [_as_series(name, column) for name, column in zip(told, columns, strict=True)]
    for column in series:
        if len(column) != len(series[0]):
            raise ValueError(
                f"column {column.name!r} has {len(column)} rows, {series[0].name!r} has "
                f"{len(series[0])}: expected columns of the same length"
            )
    return pl.DataFrame(series)


def _as_series(name: str, values: Any) -> pl.Series:
    """A column of a table; what is of several types becomes words."""
    pl = import_optional("polars", "cli")
    if isinstance(values, pl.Series):
        return values.rename(name)
    if _is_of_pandas(values) and values.ndim == 1:
        pandas = sys.modules["pandas"]
        return _of_pandas(name, pandas.Series(values, copy=False))
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()  # with None for what is masked
    if not isinstance(values, list):
        values = np.asarray(values)
        if values.ndim != 1:
            raise ValueError(
                f"column {name!r} has shape {values.shape}: expected one value for each row"
            )
        if values.dtype.kind in _SIMPLE:
            return pl.Series(name, _of_known_type(values))
        values = values.tolist()
    return of_objects(name, values)


def _of_pandas(name: str, series: Any) -> pl.Series:
    """Without pyarrow, which polars needs for pandas' words and categories."""
    pl = import_optional("polars", "cli")
    if getattr(series.dtype, "tz", None) is not None:
        moments = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return pl.Series(name, _of_known_type(moments)).dt.replace_time_zone("UTC")
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in _SIMPLE:
        return pl.Series(name, _of_known_type(series.to_numpy()))
    if series.dtype.kind in "iuf":  # those that know missing values
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return pl.Series(name, numbers if series.hasnans else series.to_numpy())
    words = series.astype(object).where(series.notna(), None).tolist()
    if str(series.dtype) == "category":
        return pl.Series(name, [None if word is None else str(word) for word in words]).cast(
            pl.Categorical
        )
    return of_objects(name, words)


def _of_known_type(values: np.ndarray) -> np.ndarray:
    """Values in a type that polars has: moments in microseconds, long doubles in float64."""
    if values.dtype.kind in "mM" and np.datetime_data(values.dtype)[0] not in ("ms", "us", "ns"):
        return values.astype(f"{values.dtype.kind}8[us]")
    return values.astype(np.float64) if values.dtype == np.longdouble else values
