"""Which rows a sweep's networks are trained on, and which they are scored on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_array, check_int
from ..memory import check_memory
from ..tables.scaling import Scaler
from ..tables.splitting import split, stratified_ranks

WANTED = "a number of folds, a splitter such as scikit-learn's, or (train, validation) row numbers"


class Fold(NamedTuple):
    """Row numbers of what networks are trained on, and of what they are scored on."""

    train: np.ndarray
    validation: np.ndarray


class Cut(NamedTuple):
    """Row numbers of every fold, of what the winner is trained on, and of the test part."""

    folds: list[Fold]
    whole: np.ndarray
    test: np.ndarray


def cut(
    X: np.ndarray,
    y: np.ndarray,
    classes: int,
    validation: float,
    test: float,
    cv: Any,
    groups: Any,
    seed: int,
) -> Cut:
    """Cut rows into a test part and folds; without ``cv`` there is one fold.

    Parameters
    ----------
    X : (samples, features)
    y : (samples,) class numbers from 0 to ``classes`` - 1, or numbers, with ``classes`` 0
    validation, test, cv, groups, seed : as for :func:`bpfast.sweep`

    Raises
    ------
    TypeError, ValueError
        Bad input; too few rows; a fold with an empty part, rows that are not there, or rows that
        it is both trained on and scored on.
    """
    _check_cv(cv, groups)
    if cv is None:
        parts = split(y, classes, validation, test, seed)
        return Cut([Fold(parts.train, parts.validation)], parts.train, parts.test)
    groups = None if groups is None else _check_groups(groups, len(y))
    unseen = _hold_out(y, classes, test, groups, seed)
    rest = np.flatnonzero(~unseen)
    if isinstance(cv, (int, np.integer)):
        if groups is None:
            dealt = _deal(y[rest], classes, int(cv), seed)
        else:
            dealt = _deal_groups(groups[rest], int(cv), seed)
        folds = [Fold(rest[dealt != k], rest[dealt == k]) for k in range(cv)]
    elif hasattr(cv, "split"):
        pairs = cv.split(X[rest], y[rest], None if groups is None else groups[rest])
        hint = "; a splitter of fixed rows needs test=0" if unseen.any() else ""
        folds = [Fold(rest[a], rest[b]) for a, b in _check_pairs(pairs, len(rest), hint)]
    else:
        pairs = _check_pairs(cv, len(y))
        folds = [Fold(*(rows[~unseen[rows]] for rows in pair)) for pair in pairs]
    for k, fold in enumerate(folds):
        _check_fold(k, fold)
    return Cut(folds, rest, np.flatnonzero(unseen))


def _check_cv(cv: Any, groups: Any) -> None:
    is_text = isinstance(cv, (str, bytes))  # which can be split, and iterated over
    is_splitter = hasattr(cv, "split") and not is_text
    is_number = isinstance(cv, (int, np.integer))
    if is_number:
        check_int("cv", cv, 2)
    elif cv is not None and (is_text or not (is_splitter or isinstance(cv, Iterable))):
        raise TypeError(f"cv must be {WANTED}, got {cv!r}")
    if groups is not None and not (is_splitter or is_number):
        raise ValueError(
            "groups are for a number of folds, or a splitter such as scikit-learn's GroupKFold, "
            f"got cv={cv!r}"
        )


def _check_groups(groups: Any, samples: int) -> np.ndarray:
    groups = np.asarray(groups)
    if groups.shape != (samples,):
        raise ValueError(f"groups has shape {groups.shape}, expected ({samples},)")
    return groups


def _hold_out(
    y: np.ndarray, classes: int, share: float, groups: np.ndarray | None, seed: int
) -> np.ndarray:
    """(samples,) bool: the test part, at random; each class in its proportion, or whole groups."""
    if not 0 <= share < 1:
        raise ValueError(f"test={share} must be a share of the rows, or 0 for no test part")
    if groups is None:
        unseen = stratified_ranks(y, classes, seed) < share
    else:
        unseen = _group_places(groups, seed) < share
    if unseen.all() or (share > 0 and not unseen.any()):
        what = "rows" if groups is None else f"rows in {len(np.unique(groups))} groups"
        raise ValueError(f"{len(y)} {what} are too few for a test part of {share} beside others")
    return unseen


def _group_places(groups: np.ndarray, seed: int) -> np.ndarray:
    """Each row's group's place among all rows, from 0 to 1, groups being in random order."""
    names, group = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(group)[order]
    place = np.empty(len(names))
    place[order] = (np.cumsum(sizes) - sizes / 2) / len(groups)
    return place[group]


def _deal(y: np.ndarray, classes: int, k: int, seed: int) -> np.ndarray:
    """Deal shuffled rows out to k folds, one class after the other: sizes differ by 1 at most."""
    if k > len(y):
        raise ValueError(f"cv={k} folds need as many rows, {len(y)} are not in the test part")
    order = np.random.default_rng(seed).permutation(len(y))
    if classes:
        order = order[np.argsort(y[order], kind="stable")]
    fold = np.empty(len(y), np.int64)
    fold[order] = np.arange(len(y)) % k
    return fold


def _deal_groups(groups: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Deal whole groups out to k folds, the largest first, each to that with the fewest rows."""
    names, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if k > len(names):
        raise ValueError(f"cv={k} folds need as many groups, {len(names)} are not in the test part")
    drawn = np.random.default_rng(seed).permutation(len(names))
    fold, rows = np.empty(len(names), np.int64), np.zeros(k, np.int64)
    for name in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold[name] = rows.argmin()
        rows[fold[name]] += sizes[name]
    return fold[group]


def _check_pairs(pairs: Any, samples: int, hint: str = "") -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of arrays of row numbers below ``samples``."""
    checked = []
    for k, pair in enumerate(pairs):
        try:
            train, validation = (np.asarray(rows) for rows in pair)
        except (TypeError, ValueError):
            raise TypeError(f"cv must be {WANTED} for each fold, got {pair!r}") from None
        for rows in (train, validation):
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
        checked.append((train.astype(np.int64), validation.astype(np.int64)))
    if not checked:
        raise ValueError("cv gives no folds")
    return checked


def _check_fold(k: int, fold: Fold) -> None:
    for name, rows in fold._asdict().items():
        if not rows.size:
            raise ValueError(f"cv: fold {k} has no rows for {name}")
    both = np.intersect1d(fold.train, fold.validation)
    if both.size:
        raise ValueError(f"cv: fold {k} is trained on rows that it is scored on, such as {both[0]}")


# --- rows of all folds, scaled --------------------------------------------------------------------


class Part(NamedTuple):
    """Scaled samples: X (rows, features) float32, y (rows,) class numbers or numbers."""

    X: np.ndarray
    y: np.ndarray

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray, rows: np.ndarray, scaler: Scaler, target: Scaler | None
    ) -> Part:
        """Some rows, scaled."""
        inputs = check_array("X", scaler.apply(X[rows]), np.float32)
        return cls(inputs, y[rows] if target is None else target.apply(y[rows]))


class Folds(NamedTuple):
    """The rows of all folds, each fold scaled by the rows that it is trained on.

    No network has seen anything of what it is scored on, not even through a mean. So folds cannot
    share one scaled X: each has its own rows, and all are one array for one fit.

    Attributes
    ----------
    train : what fold 0 is trained on, then what fold 1 is trained on, ...
    rows : for each fold the numbers of its rows in ``train``
    validation : for each fold what its networks are scored on
    """

    train: Part
    rows: list[np.ndarray]
    validation: list[Part]

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, folds: list[Fold], has_classes: bool) -> Folds:
        """The rows of folds; y is class numbers, or numbers that are scaled too.

        Raises
        ------
        MemoryError
            All folds' rows would not fit into the memory that is free.
        """
        rows = sum(len(train) + len(validation) for train, validation in folds)
        check_memory(f"the rows of {len(folds)} folds", rows * X.shape[1], "float32")
        ends = np.cumsum([len(fold.train) for fold in folds])
        train = Part(np.empty((ends[-1], X.shape[1]), np.float32), np.empty(ends[-1], y.dtype))
        numbers, validation = [], []
        for fold, end in zip(folds, ends, strict=True):
            scaler = Scaler.of(X[fold.train])
            target = None if has_classes else Scaler.of(y[fold.train])
            part = Part.of(X, y, fold.train, scaler, target)
            own = np.arange(end - len(fold.train), end)
            train.X[own], train.y[own] = part
            numbers.append(own)
            validation.append(Part.of(X, y, fold.validation, scaler, target))
        return cls(train, numbers, validation)

    def of_networks(self, trials: int) -> tuple[list[np.ndarray], np.ndarray]:
        """``rows`` of a fit of all trials on fold 0, then all trials on fold 1, ..."""
        return self.rows, np.repeat(np.arange(len(self.rows)), trials)
