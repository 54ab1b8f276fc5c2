"""New rows to predict from: of files, standard input and built-in data sets."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import import_optional
from .encoding.number import Number
from .model import Model
from .reading.dialect import Dialect, TextOptions
from .reading.npz import read_npz
from .reading.sources import BUILT_IN, STDIO, load_built_in, source_name

if TYPE_CHECKING:
    import polars as pl


def read_new_rows(source: str, model: Model, options: TextOptions) -> Any:
    """What :meth:`Model.predict` takes: a frame, or an array of the columns in their order.

    Parameters
    ----------
    source : a table's file, "-" for a table from standard input, or a built-in data set
    options : what is known of how text is written

    Raises
    ------
    ValueError, OSError, ImportError
        A file that is not there or cannot be read; no rows.
    """
    if source in BUILT_IN:
        return load_built_in(source).data
    if source.lower().endswith(".npz"):
        return read_npz(Path(source))["X"]
    frame, dialect = _read(source, model, options)
    if frame.height == 0:
        raise ValueError(f"{source_name(source)} has no rows: there is nothing to predict")
    if options.missing:
        frame = frame.with_columns(_blank(series, options.missing) for series in frame)
    decimal = None if dialect is None else dialect.decimal
    return frame if decimal is None else _read_numbers(frame, model, decimal)


def _blank(series: pl.Series, marks: tuple[str, ...]) -> pl.Series:
    """A column with nothing where there are marks of missing values."""
    from .values.marks import numbers_among, without_marks  # with polars

    polars = import_optional("polars", "cli")
    if series.dtype == polars.String:
        return without_marks(series, (), marks)
    if not series.dtype.is_numeric():
        return series
    return series.set(series.cast(polars.Float64).is_in(numbers_among(marks)), None)


def _read(source: str, model: Model, options: TextOptions) -> tuple[pl.DataFrame, Dialect | None]:
    """The table; one without a header as the model was trained on one without."""
    from .reading.table import read_frame  # with polars

    places = _places(model)
    if not places:
        return read_frame(source, options)
    text = sys.stdin.buffer.read() if source == STDIO else None  # it may be read twice
    frame, dialect = read_frame(source if text is None else io.BytesIO(text), options)
    if dialect is None:
        return frame, dialect
    if dialect.header:
        is_told = {*frame.columns} >= {column.name for column in model.encoding.used}
        if is_told or options.header:
            return frame, dialect
        options = replace(options, header=False)
        frame, dialect = read_frame(source if text is None else io.BytesIO(text), options)
    return _name_places(source, frame, places, model), dialect


def _places(model: Model) -> list[str]:
    """Names of all columns, from the first, where these are the places in a table without names."""
    names = [*(column.name for column in model.encoding.columns), *model.target_names]
    places = [re.fullmatch(r"column_([0-9]+)", name) for name in names]
    numbers = [int(place[1]) for place in places if place]
    return [f"column_{k + 1}" for k in range(max(numbers))] if len(numbers) == len(names) else []


def _name_places(source: str, frame: pl.DataFrame, places: list[str], model: Model) -> pl.DataFrame:
    """Columns by their places in the table that was trained on, which had a target too."""
    inputs = [name for name in places if name not in model.target_names]
    if frame.width == len(inputs):
        return frame.rename(dict(zip(frame.columns, inputs, strict=True)))
    if frame.width >= len(places):
        return frame
    raise ValueError(
        f"{source_name(source)} has {frame.width} columns without names; the model was trained "
        f"on {len(places)}, which are {len(inputs)} without the target"
    )


def _read_numbers(frame: pl.DataFrame, model: Model, decimal: str) -> pl.DataFrame:
    """The columns of numbers, read with a decimal mark."""
    from .values.numbers import as_numbers  # with polars

    for column in model.encoding.used:
        if isinstance(column, Number) and not column.boolean and column.name in frame.columns:
            text = frame[column.name]
            numbers, bad = as_numbers(text, decimal)
            if bad is None:  # otherwise the encoding says where the text is
                frame = frame.with_columns(type(text)(column.name, numbers))
    return frame
