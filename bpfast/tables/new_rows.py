"""New rows to predict from: of files, standard input and built-in data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .encoding.number import Number
from .input_info import blank
from .model import Model
from .reading.dialect import TextOptions
from .reading.npz import read_npz
from .reading.sources import BUILT_IN, load_built_in, source_name

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
    from .reading.table import read_frame  # with polars

    frame, dialect = read_frame(source, options)
    if frame.height == 0:
        raise ValueError(f"{source_name(source)} has no rows: there is nothing to predict")
    if options.missing:
        frame = blank(frame, options.missing, {*frame.columns})
    decimal = None if dialect is None else dialect.decimal
    return frame if decimal is None else _read_numbers(frame, model, decimal)


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
