"""Which rows a sweep's networks are trained on, and which they are scored on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_choice, check_int
from ..tables.splitting import check_shares
from ..tables.target import Target
from .given_folds import WANTED, Fold, check_fold, read_pairs
from .random_rows import RandomRows
from .time_order import TimeOrder
from .whole_groups import WholeGroups

SPLITS = ("random", "time")
VALIDATION = 0.2  # share of the rows without a cross-validation
AUTO = "auto"  # a cross-validation of FOLDS folds where there are so many rows beside the test part
FOLDS, FEWEST_ROWS, MOST_ROWS = 5, 100, 5000


class Splitting(NamedTuple):
    """How rows are to be split: arguments of :func:`bpfast.sweep`.

    Attributes
    ----------
    validation : share of the rows to rank by; None is VALIDATION without ``cv``, and with it that
        each row is in the validation part of one fold
    test : share of the rows that are in no fold
    cv : a number of folds, a splitter, or pairs of row numbers; None without a cross-validation;
        AUTO to see from the data (:meth:`settled`)
    groups : (samples,) of any kind: rows of one group stay together; None for no groups
    split : "random", or "time" for the latest rows
    time : (samples,) numbers or dates, for "time"
    """

    validation: float | None = None
    test: float = 0.2
    cv: Any = None
    groups: Any = None
    split: str = "random"
    time: Any = None

    @property
    def share(self) -> float | None:
        """The share of the rows that networks are ranked by; None where ``cv`` decides it."""
        if self.cv is None:
            return VALIDATION if self.validation is None else self.validation
        return self.validation or None

    def settled(self, target: Target) -> Splitting:
        """The same where AUTO is a number of folds, or None.

        A fifth of few rows tells good networks badly from better ones, and what is held out is
        lacking in training; of many rows it is enough, and one fit costs less than five.
        """
        if not (isinstance(self.cv, str) and self.cv == AUTO):  # an array has no truth
            return self
        rows = len(target.values) * (1.0 - self.test)
        groups = np.inf if self.groups is None else len(np.unique(np.asarray(self.groups)))
        rarest = np.inf
        if target.classes:
            rarest = np.bincount(target.values).min() * (1.0 - self.test)
        is_usual = self.validation is None and self.split == "random"
        is_usual &= target.kind != "labels"  # of which a fold may lack one
        is_usual &= FEWEST_ROWS <= rows <= MOST_ROWS and min(rarest, groups / 2) >= FOLDS
        return self._replace(cv=FOLDS if is_usual else None)

    def describe(self) -> dict[str, Any]:
        """What the parts depend on, beside the data and the seed, as JSON has it."""
        share = {} if self.share is None else {"validation": self.share}
        whole = {"split": self.split, "test": self.test, "cross_validation": self.cv is not None}
        return share | whole


class RowSplit(NamedTuple):
    """Row numbers of the parts of a table.

    Attributes
    ----------
    folds : those of the cross-validation; without one, a single fold
    winner : what the winner is trained on: in a cross-validation all rows but those of the test
        part, else those that the only fold is trained on
    test : what nothing is trained on and nothing is ranked by
    """

    folds: list[Fold]
    winner: np.ndarray
    test: np.ndarray


def split_rows(X: Any, y: np.ndarray, classes: int, splitting: Splitting, seed: int) -> RowSplit:
    """Split rows into a test part and folds; without ``cv`` there is one fold.

    Parameters
    ----------
    X : (samples, features) array or table, which a splitter is given
    y : (samples,) class numbers from 0 to ``classes`` - 1, or (samples, ...) numbers, with
        ``classes`` 0

    Raises
    ------
    TypeError, ValueError
        Bad input; too few rows; a fold with an empty part, rows that are not there, or rows that
        it is both trained on and scored on.
    """
    _check(splitting)
    way: RandomRows | WholeGroups | TimeOrder
    if splitting.split == "time":
        way = TimeOrder(splitting.time, len(y))
    elif splitting.groups is not None:
        way = WholeGroups(_check_groups(splitting.groups, len(y)), seed)
    else:
        way = RandomRows(y, classes, seed)
    if splitting.cv is None:
        validation = splitting.share
        assert validation is not None
        check_shares(validation, splitting.test)
        parts = way.parts(validation, splitting.test)
        return RowSplit([Fold(parts.train, parts.validation)], parts.train, parts.test)
    is_test = _hold_out(way, len(y), splitting.test)
    folds = _folds(way, X, y, splitting, is_test)
    for k, fold in enumerate(folds):
        check_fold(k, fold)
    return RowSplit(folds, np.flatnonzero(~is_test), np.flatnonzero(is_test))


def _check(splitting: Splitting) -> None:
    """Refuse options of other types, and those that do not go with each other."""
    cv, groups = splitting.cv, splitting.groups
    for name in ("validation", "test"):
        share = getattr(splitting, name)
        may_be_none = share is None and name == "validation"
        if not may_be_none and not isinstance(share, (int, float, np.integer, np.floating)):
            raise TypeError(f"{name} must be a share of the rows, got {share!r}")
    is_text = isinstance(cv, (str, bytes))  # which can be split, and iterated over
    is_splitter = hasattr(cv, "split") and not is_text
    is_number = isinstance(cv, (int, np.integer))
    if is_number:
        check_int("cv", cv, 2)
    elif cv is not None and (is_text or not (is_splitter or isinstance(cv, Iterable))):
        raise TypeError(f"cv must be {WANTED}, got {cv!r}")
    if cv is not None and not is_number:
        if groups is not None and not is_splitter:
            raise ValueError(
                "groups are for shares, a number of folds, or a splitter such as scikit-learn's "
                f"GroupKFold, got cv={cv!r}"
            )
        if splitting.validation:
            raise ValueError(
                f"validation={splitting.validation} is for a number of folds, and cv gives the "
                "rows of each fold itself: leave validation out"
            )
    _check_time(splitting)


def _check_time(splitting: Splitting) -> None:
    check_choice("split", splitting.split, SPLITS)
    if splitting.split == "random":
        if splitting.time is not None:
            raise ValueError("time_column is for split='time': give both, or leave time_column out")
        return
    if splitting.time is None:
        raise ValueError(
            "split='time' needs time_column: the column, or array, that rows are sorted by"
        )
    if splitting.groups is not None:
        raise ValueError(
            "split='time' cannot keep groups together, whose rows are of different times: leave "
            "out groups, or split"
        )


def _check_groups(groups: Any, samples: int) -> np.ndarray:
    groups = np.asarray(groups)
    if groups.shape != (samples,):
        raise ValueError(f"groups has shape {groups.shape}, expected ({samples},)")
    return groups


def _hold_out(way: RandomRows | WholeGroups | TimeOrder, samples: int, share: float) -> np.ndarray:
    """(samples,) bool: the test part of a cross-validation."""
    if not 0 <= share < 1:
        raise ValueError(f"test={share} must be a share of the rows, or 0 for no test part")
    is_test = way.hold_out(share)
    if is_test.all() or (share > 0 and not is_test.any()):
        groups = f" in {len(np.unique(way.groups))} groups" if isinstance(way, WholeGroups) else ""
        raise ValueError(
            f"{samples} rows{groups} are too few for a test part of {share} beside others"
        )
    return is_test


def _folds(
    way: RandomRows | WholeGroups | TimeOrder,
    X: Any,
    y: np.ndarray,
    splitting: Splitting,
    is_test: np.ndarray,
) -> list[Fold]:
    """The folds of a cross-validation, of rows that are not in the test part."""
    cv = splitting.cv
    rest = np.flatnonzero(~is_test)
    if isinstance(way, TimeOrder):
        rest = way.order[~is_test[way.order]]
    if isinstance(cv, (int, np.integer)):
        return _counted(way, rest, int(cv), _share_of_rest(splitting, len(y), len(rest)))
    if hasattr(cv, "split"):
        groups = None if splitting.groups is None else np.asarray(splitting.groups)[rest]
        pairs = cv.split(X[rest], y[rest], groups)
        hint = "; a splitter of fixed rows needs test=0" if is_test.any() else ""
        return [Fold(rest[a], rest[b]) for a, b in read_pairs(pairs, len(rest), hint)]
    return [Fold(*(rows[~is_test[rows]] for rows in pair)) for pair in read_pairs(cv, len(y))]


def _share_of_rest(splitting: Splitting, samples: int, rest: int) -> float | None:
    """What the share of all rows for validation is of those that are not in the test part."""
    if splitting.share is None:
        return None
    check_shares(splitting.share, splitting.test)
    return splitting.share * samples / rest


def _counted(
    way: RandomRows | WholeGroups | TimeOrder, rest: np.ndarray, k: int, share: float | None
) -> list[Fold]:
    """A number of folds; with a share for validation, as many splits that each have this share."""
    if isinstance(way, TimeOrder):
        return [Fold(*window) for window in way.windows(rest, k, share)]
    held_out = way.folds(rest, k) if share is None else way.repeats(rest, k, share)
    return [Fold(np.setdiff1d(rest, rows), rows) for rows in held_out]
