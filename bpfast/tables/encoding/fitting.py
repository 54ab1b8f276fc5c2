"""Finds from the training rows what each column of a table is encoded as."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...checks import check_array
from ..scaling import Scaler
from .coded import count_words, read_words
from .column import RARE, Column, FittedColumn, bound_scale, count, missing_in_all, scale
from .encoding import Encoding
from .left_out import LeftOut
from .moment import fit_moment
from .number import Number, fit_number
from .target_means import TrainingTarget, fit_target_means
from .words import Words

MAX_WORDS = 50  # in a column that is encoded one-hot
MAX_RARE = 0.05  # of the rows: where more have rare words, too much would be lost as one input
MIN_ROWS = 5  # of a word, on average, in a column of more than MAX_WORDS
ROWS_AT_A_TIME = 1 << 18  # of a column that is encoded: in float64 are never more
FEW_WORDS = 10  # so few can be different in most rows of a small table and mean something


class Fitted(NamedTuple):
    """What was found from training rows.

    Attributes
    ----------
    encoding : what each column is encoded as
    scaler : of the inputs
    X : the training rows' inputs, scaled, (rows, inputs) float32; means of the target are
        cross-fitted there, which are of other rows alone
    """

    encoding: Encoding
    scaler: Scaler
    X: np.ndarray


def fit(
    inputs,
    rows: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    *,
    numeric: Collection[str] = (),
    categorical: Collection[str] = (),
    keep: Collection[str] = (),
    notes: Mapping[str, str] | None = None,
    left_out: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Fitted:
    """Find the encoding and its scaler from the training rows alone, and encode these.

    Parameters
    ----------
    inputs : a polars ``DataFrame`` with types, or an array of numbers; all rows
    rows : numbers of the training rows
    target : of all rows: class numbers, numbers (rows,) or (rows, outputs), or labels of 0 and 1
    n_classes : how many classes there are; 0 for numbers and labels
    numeric, categorical : names of columns that are numbers, or words, whatever they look like
    keep : names of columns that are not left out
    notes : what was done with columns' values before; in the table's order
    left_out : columns that are not in ``inputs``, and why; these come where ``notes`` has them,
        or else last
    seed : of the folds that means of the target are cross-fitted in

    Raises
    ------
    ValueError
        A column of ``numeric`` has text; all columns are left out.
    """
    if isinstance(inputs, np.ndarray):
        return _fit_array(inputs, rows)
    notes, left_out = notes or {}, left_out or {}
    chooser = _Chooser(
        TrainingTarget(np.asarray(target)[rows], n_classes, seed),
        frozenset(numeric),
        frozenset(categorical),
        frozenset(keep),
    )
    columns: dict[str, Column] = {
        name: LeftOut(name=name, note=notes.get(name, ""), reason=reason, before=True)
        for name, reason in left_out.items()
    }
    fitted: dict[str, FittedColumn] = {}
    for series in inputs:
        found = chooser.fit(series[rows], notes.get(series.name, ""))
        columns[series.name] = found if isinstance(found, LeftOut) else found.column
        if not isinstance(found, LeftOut):
            fitted[series.name] = found
    order = [*notes] if columns.keys() <= notes.keys() else [*inputs.columns, *left_out]
    encoding = Encoding(tuple(columns[name] for name in order if name in columns))
    if not fitted:
        raise ValueError(f"no column is left as an input: {_reasons(encoding)}")
    return _encode_training_rows(inputs, rows, encoding, fitted)


def encode_scaled(encoding: Encoding, scaler: Scaler, inputs, rows: np.ndarray) -> np.ndarray:
    """Other rows' inputs, scaled, (rows, inputs) float32; in float64 is a column at a time."""
    X = np.empty((len(rows), len(encoding.features)), np.float32)
    for column, own, values in encoding.parts(inputs, rows):
        _encode_column(X[:, own], column, values, Scaler(scaler.mean[own], scaler.scale[own]))
    return X


def _fit_array(X: np.ndarray, rows: np.ndarray) -> Fitted:
    """The encoding of an array, whose columns are numbers, none left out."""
    train = check_array("X", X[rows], np.float64)
    names = [f"x{k}" for k in range(X.shape[1])]
    encoding = Encoding(tuple(Number.of(name, train[:, k]) for k, name in enumerate(names)))
    encoded = encoding.encode(train) if np.isnan(train).any() else train
    # all columns at once: each for itself would sum in another order, and give other bits than
    # versions before had
    scaler = Scaler.of(encoded)
    scaler = Scaler(scaler.mean, bound_scale(scaler.scale, encoding.flags))
    return Fitted(encoding, scaler, scale(encoded, scaler))


class _Chooser(NamedTuple):
    """What decides how columns are encoded, beside their values."""

    target: TrainingTarget
    numeric: frozenset[str]
    categorical: frozenset[str]
    keep: frozenset[str]

    def fit(self, values: Any, note: str) -> FittedColumn | LeftOut:
        """A column's encoding, from its training rows' values."""
        name, dtype = values.name, values.dtype
        keep = name in self.keep
        is_number = dtype.is_numeric() or str(dtype) == "Boolean"
        if name in self.numeric or (is_number and name not in self.categorical):
            return fit_number(name, values, note, keep)
        if dtype.is_temporal() and name not in self.categorical:
            return fit_moment(name, values, note, keep)
        return self._fit_words(values, note, keep)

    def _fit_words(self, values: Any, note: str, keep: bool) -> FittedColumn | LeftOut:
        words = read_words(values.name, values)
        counts = count_words(words)
        reason = _why_no_input(words, counts, keep, keep or values.name in self.categorical)
        if reason:
            return LeftOut(name=values.name, note=note, reason=reason)
        least = max(2.0, RARE * len(words))
        frequent = tuple(word for word, n in counts.items() if n >= least) or tuple(counts)
        in_rare = len(words) - words.null_count() - sum(counts[word] for word in frequent)
        if len(frequent) > MAX_WORDS or (
            len(counts) > MAX_WORDS and in_rare > MAX_RARE * len(words)
        ):
            return fit_target_means(values.name, words, tuple(counts), self.target, note)
        return Words(
            name=values.name,
            note=note,
            words=frequent,
            rare=len(counts) - len(frequent),
            missing=words.null_count(),
            rows=len(words),
        ).fit(words)


def _why_no_input(words: Any, counts: dict[str, int], keep: bool, asked: bool) -> str:
    """Why a column of words is left out, or "" for one that is not.

    ``keep`` says that it must be kept, and ``asked`` that it may be of many different words.
    """
    rows, present = len(words), len(words) - words.null_count()
    if not counts:  # kept or not: there is nothing to make an input of
        return missing_in_all(rows)
    if len(counts) == 1 and present == rows and not keep:
        return f"{next(iter(counts))!r} in each of {count(rows, 'training row')}"
    different = len(counts) == present or len(counts) > max(FEW_WORDS, present / 2)
    few_rows = len(counts) > MAX_WORDS and present < MIN_ROWS * len(counts)
    if len(counts) > 1 and (different or few_rows) and not asked:
        return f"{count(len(counts), 'different word')} in {count(present, 'row')}"
    return ""


def _reasons(encoding: Encoding) -> str:
    """Why each column is left out, for a message."""
    return ", ".join(f"{row['column']!r} ({row['done']})" for row in encoding.describe()[:8])


def _encode_training_rows(
    inputs, rows: np.ndarray, encoding: Encoding, fitted: Mapping[str, FittedColumn]
) -> Fitted:
    """The training rows, encoded once all is found: only now is it known how many inputs."""
    scaler = Scaler(
        np.concatenate([column.scaler.mean for column in fitted.values()]),
        np.concatenate([column.scaler.scale for column in fitted.values()]),
    )
    X = np.empty((len(rows), len(encoding.features)), np.float32)
    for column, own, values in encoding.parts(inputs, rows):
        _, own_scaler, cross_fitted = fitted[column.name]
        if cross_fitted is None:
            _encode_column(X[:, own], column, values, own_scaler)
        else:
            X[:, own] = cross_fitted
    return Fitted(encoding, scaler, X)


def _encode_column(X: np.ndarray, column: Column, values: Any, scaler: Scaler) -> None:
    """Write a column's scaled inputs into X, some rows at a time."""
    for first in range(0, len(X), ROWS_AT_A_TIME):
        rows = slice(first, first + ROWS_AT_A_TIME)
        X[rows] = column.encode_scaled(values[rows], scaler)
