"""New rows that a model predicts from: a table or an array, as the inputs of its network."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_array
from ..errors import import_optional
from .encoding.encoding import Encoding
from .encoding.fitting import encode_scaled
from .encoding.left_out import LeftOut
from .encoding.number import Number
from .reading.dialect import TextOptions
from .reading.frames import as_frame, is_table
from .reading.npz import read_npz
from .reading.sources import BUILT_IN, load_built_in, source_name
from .scaling import Scaler

if TYPE_CHECKING:
    import polars as pl


def read_inputs(source: str, encoding: Encoding, options: TextOptions) -> Any:
    """New rows of a file, of standard input or of a built-in data set, for :meth:`Model.predict`.

    Parameters
    ----------
    source : a table's file, "-" for text from standard input, or a built-in data set
    encoding : of the table that the model was trained on
    options : what is known of how a file of text is written

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
    frame = _without_marks(frame, options.missing)
    return frame if dialect is None else _read_numbers(frame, encoding, dialect.decimal)


def _without_marks(frame: pl.DataFrame, marks: Collection[str]) -> pl.DataFrame:
    """Text with nothing where a word stands for a missing value."""
    if not marks:
        return frame
    pl = import_optional("polars", "cli")
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(~text.str.strip_chars().is_in([*marks])).then(text))


def _read_numbers(frame: pl.DataFrame, encoding: Encoding, decimal: str | None) -> pl.DataFrame:
    """The columns of numbers read with the file's decimal mark; text among them stays."""
    from .values.numbers import as_numbers  # with polars

    names = [column.name for column in encoding.used if isinstance(column, Number)]
    for name in names if decimal else []:
        if name in frame.columns:
            numbers, bad = as_numbers(frame[name], decimal)
            if bad is None:  # else the encoding says where the text is
                frame = frame.with_columns(type(frame[name])(name, numbers))
    return frame


def encode_inputs(encoding: Encoding, X: Any) -> np.ndarray:
    """The inputs of a network, (rows, inputs) float64 and not scaled.

    Parameters
    ----------
    encoding : of the table that the network was trained on
    X : a table with at least that table's columns, in any order; or an array of its columns in
        their order; or an array of numbers that is encoded already, (rows, inputs)

    Raises
    ------
    TypeError, ValueError
        No table and no array of two dimensions; a column that is not there; text for a number.
    """
    encoding, table = _match(encoding, X)
    return encoding.encode(table)


def scale_inputs(encoding: Encoding, scaler: Scaler, X: Any, dtype: np.dtype) -> np.ndarray:
    """The inputs of :func:`encode_inputs`, scaled, for a network of a dtype."""
    encoding, table = _match(encoding, X)
    if dtype == np.float32:  # column by column: a float64 array of all would be twice as large
        return encode_scaled(encoding, scaler, table, np.arange(len(table)))
    return scaler.apply(encoding.encode(table))


def _match(encoding: Encoding, X: Any) -> tuple[Encoding, Any]:
    """X as a frame or an array that an encoding takes, and the encoding."""
    if is_table(X):
        return encoding, as_frame(X)
    names = _array_columns(encoding)
    if _has_words(X):
        X = np.asarray(X, dtype=object)
        _check_shape(X, {len(names)})
        return encoding, as_frame(dict(zip(names, X.T, strict=True)))
    X = check_array("X", X, np.float64)
    _check_shape(X, {len(names), len(encoding.features)})
    return encoding if X.shape[1] == len(names) else _of_numbers(encoding.features), X


def _of_numbers(features: list[str]) -> Encoding:
    """The encoding of an array that is encoded already."""
    return Encoding(tuple(Number(name=name, median=None) for name in features))


def _array_columns(encoding: Encoding) -> list[str]:
    """Names of the columns that an array has: all but those that were left out before."""
    return [
        column.name
        for column in encoding.columns
        if not (isinstance(column, LeftOut) and column.before)
    ]


def _has_words(X: Any) -> bool:
    """Whether an array, or a list of rows, holds text."""
    if hasattr(X, "dtype"):
        return X.dtype.kind in "OUST"
    return isinstance(X, list | tuple) and any(isinstance(cell, str) for row in X for cell in row)


def _check_shape(X: np.ndarray, widths: set[int]) -> None:
    if X.ndim != 2 or X.shape[1] not in widths:
        expected = " or ".join(f"(samples, {width})" for width in sorted(widths))
        raise ValueError(f"X has shape {X.shape}, expected {expected}")
