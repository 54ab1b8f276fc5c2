"""Finds from the training rows what each column of a table is encoded as."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from ...checks import check_array
from ...plurals import many
from ..scaling import Scaler
from .column import Column, FittedColumn
from .encoding import Encoding
from .input_scales import RARE, bound_scale, scale
from .left_out import LeftOut
from .moment import fit_moment
from .number import Number, fit_number
from .raw import WordRows
from .sentences import missing_in_all, same_in_all
from .target_means import TrainingTarget, fit_target_means
from .words import fit_words

MAX_WORDS = 50  # in a column that is encoded one-hot
MAX_RARE = 0.05  # of the rows: where more have rare words, too much would be lost as one input
# Of a word, on average, in a column of more than MAX_WORDS, unless a few words are in most rows.
MIN_ROWS, USUAL_WORDS = 5, 25
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
    outputs: Sequence[str] = (),
    numeric: Collection[str] = (),
    categorical: Collection[str] = (),
    keep: Collection[str] = (),
    notes: Mapping[str, str] | None = None,
    writing: Mapping[str, Any] | None = None,
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
    outputs : names of the classes, or of a target's columns, to name inputs by
    numeric, categorical : names of columns that are numbers, or words, whatever they look like
    keep : names of columns that are not left out
    notes : what was done with columns' values before; in the table's order
    writing : how the values of columns that came as text were written (``values.Writing``), by
        which text in new rows is read
    left_out : columns that are not in ``inputs``, and why; these come where ``notes`` has them,
        or else last
    seed : of the folds that means of the target are cross-fitted in

    Raises
    ------
    ValueError
        A column of ``numeric`` has text.
    """
    if isinstance(inputs, np.ndarray):
        return _fit_array(inputs, rows)
    notes, writing, left_out = notes or {}, writing or {}, left_out or {}
    chooser = _Chooser(
        TrainingTarget(np.asarray(target)[rows], n_classes, tuple(outputs), seed),
        frozenset(numeric),
        frozenset(categorical),
        frozenset(keep),
    )
    found: dict[str, FittedColumn | LeftOut] = {
        name: LeftOut(name=name, reason=reason, before=True) for name, reason in left_out.items()
    }
    found |= {series.name: chooser.fit(series[rows]) for series in inputs}
    order = [*notes] if found.keys() <= notes.keys() else [*inputs.columns, *left_out]
    fitted = [found[name] for name in order if name in found]
    columns = [own if isinstance(own, LeftOut) else own.column for own in fitted]
    encoding = Encoding(
        tuple(
            _with_origin(column, notes.get(column.name, ""), writing.get(column.name))
            for column in columns
        )
    )
    used = [own for own in fitted if isinstance(own, FittedColumn)]
    return _encode_training_rows(inputs, rows, encoding, used)


def encode_scaled(encoding: Encoding, scaler: Scaler, inputs, rows: np.ndarray) -> np.ndarray:
    """Other rows' inputs, scaled, (rows, inputs) float32; in float64 is a column at a time."""
    X = np.empty((len(rows), len(encoding.features)), np.float32)
    for column, own, values in encoding.parts(inputs):
        column.write_scaled(X[:, own], values[rows], Scaler(scaler.mean[own], scaler.scale[own]))
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
    scaler = Scaler(scaler.mean, bound_scale(scaler.scale, encoding.bounded))
    return Fitted(encoding, scaler, scale(encoded, scaler))


class _Chooser(NamedTuple):
    """What decides how columns are encoded, beside their values."""

    target: TrainingTarget
    numeric: frozenset[str]
    categorical: frozenset[str]
    keep: frozenset[str]

    def fit(self, values: Any) -> FittedColumn | LeftOut:
        """A column's encoding, from its training rows' values."""
        name, dtype = values.name, values.dtype
        is_number = dtype.is_numeric() or str(dtype).startswith(("Boolean", "Duration"))
        if name in self.numeric or (is_number and name not in self.categorical):
            return fit_number(name, values, name in self.keep)
        if dtype.is_temporal() and name not in self.categorical:
            return fit_moment(name, values, name in self.keep)
        return self._fit_words(values)

    def _fit_words(self, values: Any) -> FittedColumn | LeftOut:
        words = WordRows.of(values)
        counts, missing, rows = words.counts(), words.missing, len(values)
        reason = self._why_no_input(values.name, counts, missing, rows)
        if reason:
            return LeftOut(name=values.name, reason=reason)
        least = max(2.0, RARE * rows)
        frequent = tuple(word for word, n in counts.items() if n >= least) or tuple(counts)
        in_rare = rows - missing - sum(counts[word] for word in frequent)
        if len(frequent) > MAX_WORDS or (len(counts) > MAX_WORDS and in_rare > MAX_RARE * rows):
            return fit_target_means(values.name, words, tuple(counts), self.target)
        return fit_words(values.name, words, frequent, rare=len(counts) - len(frequent))

    def _why_no_input(self, name: str, counts: dict[str, int], missing: int, rows: int) -> str:
        """Why a column of words is left out, or "" for one that is not."""
        present, different = rows - missing, len(counts)
        if not different:  # kept or not: there is nothing to make an input of
            return missing_in_all(rows)
        if name in self.keep:
            return ""
        if different == 1:
            return "" if missing else same_in_all(reprlib.repr(next(iter(counts))), rows)
        nearly_all = different == present or different > max(FEW_WORDS, present / 2)
        few_rows = different > MAX_WORDS and present < MIN_ROWS * different
        few_rows &= sum(sorted(counts.values())[-USUAL_WORDS:]) < present / 2
        if (nearly_all or few_rows) and name not in self.categorical:
            return f"{many(different, 'different word')} in {many(present, 'row')}"
        return ""


def _with_origin(column: Column, note: str, writing: Any) -> Column:
    """The column, with what was done with its values before, and how its text was written."""
    origin: dict[str, Any] = {"note": note}
    if writing is not None:
        origin["marks"] = tuple(writing.missing)
        origin |= {name: getattr(writing, name) for name in ("decimal", "date_format")}
    known = {field.name for field in fields(column)}
    return replace(column, **{name: origin[name] for name in origin.keys() & known})


def _encode_training_rows(
    inputs, rows: np.ndarray, encoding: Encoding, fitted: Iterable[FittedColumn]
) -> Fitted:
    """The training rows, encoded once all is found: only now is it known how many inputs."""
    scaler = Scaler(
        np.concatenate([np.zeros(0), *(own.scaler.mean for own in fitted)]),
        np.concatenate([np.zeros(0), *(own.scaler.scale for own in fitted)]),
    )
    X = np.empty((len(rows), len(encoding.features)), np.float32)
    for own, (column, place, values) in zip(fitted, encoding.parts(inputs), strict=True):
        if own.cross_fitted is None:
            column.write_scaled(X[:, place], values[rows], own.scaler)
        else:
            X[:, place] = own.cross_fitted
    return Fitted(encoding, scaler, X)
