"""Finds from the training rows what each column of a table is encoded as."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...checks import check_array
from ..scaling import Scaler
from .column import Column, FittedColumn, count, fit_scaler, scale
from .encoding import Encoding
from .left_out import LeftOut
from .number import Number, fit_number
from .words import Words, code_words, count_words, fit_flag_scaler, read_words


class Fitted(NamedTuple):
    """What was found from training rows.

    Attributes
    ----------
    encoding : what each column is encoded as
    scaler : of the inputs
    X : the training rows' inputs, scaled, (rows, inputs) float32; means of the target are
        cross-fitted there: a row's mean is that of other rows
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
    inputs : a polars ``DataFrame`` with types, or an array of numbers, all rows
    rows : numbers of the training rows
    target : of all rows: class numbers, numbers (rows,) or (rows, outputs), or labels of 0 and 1
    n_classes : how many classes there are; 0 for numbers and labels
    numeric, categorical : names of columns that are numbers, or words, whatever they look like
    keep : names of columns that are not left out
    notes : what was done with columns' values before; in the table's order
    left_out : columns that are not in ``inputs``, and why; these come where ``notes`` has them,
        or else last
    seed : of the folds that means of the target are cross-fitted in
    """
    if isinstance(inputs, np.ndarray):
        return _fit_array(inputs, rows)
    notes, left_out = notes or {}, left_out or {}
    blocks: list[np.ndarray] = []
    scalers: list[Scaler] = []
    columns: dict[str, Column] = {
        name: LeftOut(name=name, note=notes.get(name, ""), reason=reason, before=True)
        for name, reason in left_out.items()
    }
    for series in inputs:
        note, is_kept = notes.get(series.name, ""), series.name in keep
        values = series[rows]
        if _is_number(series, numeric, categorical):
            fitted = fit_number(series.name, values, note, is_kept)
        else:
            fitted = _fit_words(series.name, values, note)
        if isinstance(fitted, Column):
            columns[series.name] = fitted
            continue
        columns[series.name] = fitted.column
        blocks.append(fitted.X)
        scalers.append(fitted.scaler)
    order = [*notes] if columns.keys() <= notes.keys() else [*inputs.columns, *left_out]
    encoding = Encoding(tuple(columns[name] for name in order if name in columns))
    return Fitted(encoding, _join_scalers(scalers), _join_blocks(blocks, len(rows)))


def encode_scaled(encoding: Encoding, scaler: Scaler, inputs, rows: np.ndarray) -> np.ndarray:
    """Other rows' inputs, scaled, (rows, inputs) float32: never a float64 array of all of them."""
    X = np.empty((len(rows), len(encoding.features)), np.float32)
    for column, own, values in encoding.parts(inputs, rows):
        X[:, own] = column.encode_scaled(values, Scaler(scaler.mean[own], scaler.scale[own]))
    return X


def _fit_array(X: np.ndarray, rows: np.ndarray) -> Fitted:
    """The encoding of an array, whose columns are numbers and all kept."""
    train = np.asarray(X[rows], np.float64)
    names = [f"x{k}" for k in range(X.shape[1])]
    if not np.isnan(train).any():
        # column by column would sum in another order, and so give other bits than before
        scaler = Scaler.of(train)
        medians = np.median(train, axis=0)
        encoding = Encoding(
            tuple(
                Number(name=name, median=float(median), rows=len(rows))
                for name, median in zip(names, medians, strict=True)
            )
        )
        return Fitted(encoding, scaler, check_array("X", scaler.apply(train), np.float32))
    columns = [fit_number(name, train[:, k], keep=True) for k, name in enumerate(names)]
    encoding = Encoding(tuple(fitted.column for fitted in columns))
    encoded = encoding.encode(train)
    scaler = fit_scaler(encoded, encoding.flags)
    return Fitted(encoding, scaler, scale(encoded, scaler))


def _is_number(series: Any, numeric: Collection[str], categorical: Collection[str]) -> bool:
    if series.name in categorical:
        return False
    dtype = series.dtype
    return series.name in numeric or dtype.is_numeric() or str(dtype) == "Boolean"


def _fit_words(name: str, values: Any, note: str) -> FittedColumn | LeftOut:
    words = read_words(name, values)
    counts = count_words(words)
    missing = words.null_count()
    if len(counts) > len(words) / 2:
        reason = f"{count(len(counts), 'different word')} in {count(len(words), 'row')}"
        return LeftOut(name=name, note=note, reason=reason)
    column = Words(name=name, note=note, words=tuple(counts), missing=missing, rows=len(words))
    codes = code_words(words, column.words)
    scaler = fit_flag_scaler(column.table, codes)
    return FittedColumn(column, scaler, scale(column.table, scaler)[codes])


def _join_scalers(scalers: list[Scaler]) -> Scaler:
    means = [np.zeros(0), *(scaler.mean for scaler in scalers)]
    scales = [np.ones(0), *(scaler.scale for scaler in scalers)]
    return Scaler(np.concatenate(means), np.concatenate(scales))


def _join_blocks(blocks: list[np.ndarray], rows: int) -> np.ndarray:
    """Columns' inputs side by side; each block is let go once it is copied."""
    X = np.empty((rows, sum(block.shape[1] for block in blocks)), np.float32)
    first = X.shape[1]
    while blocks:
        block = blocks.pop()
        X[:, first - block.shape[1] : first] = block
        first -= block.shape[1]
    return X
