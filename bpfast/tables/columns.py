"""A table's columns, and the inputs that they are encoded as: numbers, and words one-hot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# A table's columns in order, each with its categories: one-hot inputs for these, or one input for
# an empty list, of numbers.
Columns = Mapping[str, list[str]]

MAX_CATEGORIES = 50  # different words in a column that is encoded one-hot
# Words that stand for missing values in a column of numbers.
MISSING = {"", "?", "-", ".", "na", "n/a", "nan", "nil", "none", "null", "missing"}


def feature_names(columns: Columns) -> list[str]:
    """Names of the inputs that columns are encoded as."""
    return [
        name
        for column, categories in columns.items()
        for name in ([f"{column}={category}" for category in categories] or [column])
    ]


def fit_columns(source: str, frame: Any) -> Columns:
    """The columns of a polars ``DataFrame``, with the categories that are found there."""
    return {series.name: _find_categories(source, series) for series in frame}


def encode(source: str, frame: Any, columns: Columns) -> np.ndarray:
    """The inputs that columns of a frame are encoded as, (rows, inputs) float64."""
    inputs: list[np.ndarray] = []
    for name, categories in columns.items():
        inputs += _encode_column(frame[name], categories)
    return check_finite_inputs(source, np.stack(inputs, axis=1), feature_names(columns))


def check_columns(source: str, frame: Any, columns: Columns) -> None:
    """Raise ``ValueError`` for text among numbers, and for words that are no known category."""
    for name, categories in columns.items():
        series = frame[name]
        if not categories and _is_numeric(series):
            continue
        words = series.cast(str)
        if categories:
            bad = ~words.is_in(categories)
            wanted = f"the categories that the model was trained with: {shorten(categories)}"
        else:
            bad = words.cast(float, strict=False).is_null()
            wanted = "numbers, which the model was trained with"
        if bad.any():
            row = int(bad.arg_max())
            raise ValueError(
                f"{source}: column {name!r} has {words[row]!r} in row {row + 1}, expected {wanted}"
            )


def check_finite_inputs(source: str | Path, X: np.ndarray, names: list[str]) -> np.ndarray:
    """X itself; raises ``ValueError`` where a number is not finite."""
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(
            f"{source}: column {names[column]!r} is not a finite number in row {row + 1}"
        )
    return X


def shorten(names: list[str], most: int = 8) -> str:
    """A list of names for a message, without the last of them if there are many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _is_numeric(series: Any) -> bool:
    return series.dtype.is_numeric() or str(series.dtype) == "Boolean"


def _find_categories(source: str, series: Any) -> list[str]:
    """The different words of a column; none for one of numbers."""
    if _is_numeric(series):
        return []
    words = series.cast(str).to_numpy()
    _check_words(source, series.name, words)
    categories = [str(word) for word in np.unique(words)]
    if len(categories) > MAX_CATEGORIES:
        raise ValueError(
            f"{source}: column {series.name!r} has {len(categories)} different words such as "
            f"{categories[0]!r}; up to {MAX_CATEGORIES} are turned into columns: drop it, or "
            "make numbers of it first"
        )
    return categories


def _check_words(source: str, name: str, words: np.ndarray) -> None:
    """Refuse numbers that polars read as words because of marks for missing values."""
    missing = np.array([word.strip().lower() in MISSING for word in words])
    try:
        words[~missing].astype(np.float64)
    except ValueError:
        return
    if missing.any() and not missing.all():
        row = int(missing.argmax())
        raise ValueError(
            f"{source}: column {name!r} has {missing.sum()} missing values among its numbers, "
            f"first {words[row]!r} in row {row + 1}: fill or drop them first"
        )


def _encode_column(series: Any, categories: list[str]) -> list[np.ndarray]:
    if not categories:
        return [series.cast(float).to_numpy()]
    words = series.cast(str).to_numpy()
    return [(words == category).astype(np.float64) for category in categories]
