"""Folds that a user gives: row numbers, or a splitter such as scikit-learn's that finds them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

WANTED = "a number of folds, a splitter such as scikit-learn's, or (train, validation) row numbers"


class Fold(NamedTuple):
    """Row numbers of what networks are trained on, and of what they are scored on."""

    train: np.ndarray
    validation: np.ndarray


def read_pairs(pairs: Any, samples: int, hint: str = "") -> list[Fold]:
    """(train, validation) pairs of arrays of row numbers below ``samples``.

    Parameters
    ----------
    hint : what a message adds where row numbers are too large

    Raises
    ------
    TypeError, ValueError
        There are no pairs; one is no pair of arrays of such numbers.
    """
    checked = []
    for k, pair in enumerate(pairs):
        try:
            train, validation = (np.asarray(rows) for rows in pair)
        except (TypeError, ValueError):
            raise TypeError(f"cv must be {WANTED} for each fold, got {pair!r}") from None
        for rows in (train, validation):
            _check_row_numbers(k, rows, samples, hint)
        checked.append(Fold(train.astype(np.int64), validation.astype(np.int64)))
    if not checked:
        raise ValueError("cv gives no folds")
    return checked


def check_fold(k: int, fold: Fold) -> None:
    """Raise ``ValueError`` for a part of a fold without rows, and for rows that are in both."""
    for name, rows in fold._asdict().items():
        if not rows.size:
            raise ValueError(f"cv: fold {k} has no rows for {name}")
    both = np.intersect1d(fold.train, fold.validation)
    if both.size:
        raise ValueError(f"cv: fold {k} is trained on rows that it is scored on, such as {both[0]}")


def _check_row_numbers(k: int, rows: np.ndarray, samples: int, hint: str) -> None:
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        is_mask = rows.dtype.kind == "b"
        mask = ": numpy.flatnonzero turns a mask into them" if is_mask else ""
        raise ValueError(
            f"cv: fold {k} has an array of shape {rows.shape} and dtype {rows.dtype}, "
            f"expected row numbers{mask}"
        )
    if rows.size and not 0 <= rows.min() <= rows.max() < samples:
        raise ValueError(
            f"cv: fold {k} has row numbers from {rows.min()} to {rows.max()}, "
            f"there are rows 0 to {samples - 1}{hint}"
        )
