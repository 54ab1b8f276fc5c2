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
from .ensemble import Ensemble
from .model import Model
from .reading.dialect import Dialect, TextOptions
from .reading.npz import read_npz
from .reading.sources import BUILT_IN, STDIO, load_built_in, source_name

if TYPE_CHECKING:
    import polars as pl

_Answer = Model | Ensemble


def read_new_rows(source: str, model: _Answer, options: TextOptions) -> Any:
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
    """A column with null in place of marks of missing values."""
    from .values.marks import numbers_among, without_marks  # imports polars

    polars = import_optional("polars", "cli")
    if series.dtype == polars.String:
        return without_marks(series, (), marks)
    if not series.dtype.is_numeric():
        return series
    return series.set(series.cast(polars.Float64).is_in(numbers_among(marks)), None)


def _read(source: str, model: _Answer, options: TextOptions) -> tuple[pl.DataFrame, Dialect | None]:
    """The table; columns are named by position where the training table had no header."""
    from .reading.table import read_frame  # imports polars

    names = _positional_names(model)
    text = sys.stdin.buffer.read() if source == STDIO else None  # kept for a second reading
    frame, dialect = read_frame(source if text is None else io.BytesIO(text), options)
    if dialect is None:
        return frame, dialect
    if not names:
        if dialect.header or options.header is not None:
            return frame, dialect
        options = replace(options, header=True)  # names such as 0, 1, ... were taken for numbers
        named, other = read_frame(source if text is None else io.BytesIO(text), options)
        has_names = {*named.columns} >= {column.name for column in model.encoding.used}
        return (named, other) if has_names else (frame, dialect)
    if dialect.header:
        has_names = {*frame.columns} >= {column.name for column in model.encoding.used}
        if has_names or options.header:
            return frame, dialect
        options = replace(options, header=False)  # the first row was taken for a header
        frame, dialect = read_frame(source if text is None else io.BytesIO(text), options)
    return _name_by_position(source, frame, names, model), dialect


def _positional_names(model: _Answer) -> list[str]:
    """column_1, column_2, ... if the model was trained on a table without a header, else nothing.

    All columns of that table are named, those that are no inputs among them.
    """
    names = [*(column.name for column in model.encoding.columns), *model.target_names]
    matches = [re.fullmatch(r"column_([0-9]+)", name) for name in names]
    positions = [int(match[1]) for match in matches if match]
    if len(positions) < len(names):
        return []
    return [f"column_{k + 1}" for k in range(max(positions))]


def _name_by_position(
    source: str, frame: pl.DataFrame, names: list[str], model: _Answer
) -> pl.DataFrame:
    """Give columns the names that they have in the training table, which had a target too."""
    inputs = [name for name in names if name not in model.target_names]
    if frame.width == len(inputs):
        return frame.rename(dict(zip(frame.columns, inputs, strict=True)))
    if frame.width >= len(names):
        return frame
    raise ValueError(
        f"{source_name(source)} has {frame.width} columns without names; the model was trained "
        f"on {len(names)}, which are {len(inputs)} without the target"
    )


def _read_numbers(frame: pl.DataFrame, model: _Answer, decimal: str) -> pl.DataFrame:
    """The frame with its columns of numbers read by the file's decimal mark.

    Without it they would be read by that of the training table.
    """
    from .values.numbers import as_numbers  # imports polars

    for column in model.encoding.used:
        if isinstance(column, Number) and not column.boolean and column.name in frame.columns:
            text = frame[column.name]
            numbers, bad = as_numbers(text, decimal)
            if bad is None:  # otherwise the encoding's error names the row
                frame = frame.with_columns(type(text)(column.name, numbers))
    return frame
