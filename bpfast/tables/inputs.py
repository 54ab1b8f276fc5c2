"""New rows that a model predicts from: a table or an array, as the inputs of its network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import check_array
from .encoding.encoding import Encoding
from .encoding.left_out import LeftOut
from .stand_in_frames import as_frame, is_table


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
    if is_table(X):
        return encoding.encode(as_frame(X))
    names, inputs = _array_columns(encoding), len(encoding.features)
    if _has_words(X):
        X = np.asarray(X, dtype=object)
        _check_shape(X, {len(names)})
        return encoding.encode(as_frame(dict(zip(names, X.T, strict=True))))
    X = check_array("X", X, np.float64)
    _check_shape(X, {len(names), inputs})
    return encoding.encode(X) if X.shape[1] == len(names) else X


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
