"""Splits that keep groups whole: rows of one group are all in the same part.

scikit-learn's GroupShuffleSplit cuts shares of the groups. These are shares of the rows, also where
some groups are much larger than others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..tables.splitting import Parts


class WholeGroups(NamedTuple):
    """Splits rows at random, by whole groups.

    Attributes
    ----------
    groups : (samples,) of any kind
    seed : int
    """

    groups: np.ndarray
    seed: int

    def parts(self, validation: float, test: float) -> Parts:
        """The parts of a split without folds; shares are of all rows."""
        shares = {"validation": validation} | ({"test": test} if test else {})
        part = _draw(self.groups, shares, self.seed)
        train, held_out, tested = (np.flatnonzero(part == number) for number in (2, 0, 1))
        return Parts(train, held_out, tested)

    def hold_out(self, share: float) -> np.ndarray:
        """(samples,) bool: the test part of a cross-validation."""
        return _positions(self.groups, self.seed) < share

    def folds(self, rows: np.ndarray, k: int) -> list[np.ndarray]:
        """What each of k folds is scored on: the largest group goes first, into the least fold."""
        names, group, sizes = np.unique(self.groups[rows], return_inverse=True, return_counts=True)
        if k > len(names):
            raise ValueError(
                f"cv={k} folds need as many groups, {len(names)} are not in the test part"
            )
        drawn = np.random.default_rng(self.seed).permutation(len(names))
        fold, total = np.empty(len(names), np.int64), np.zeros(k, np.int64)
        for name in drawn[np.argsort(-sizes[drawn], kind="stable")]:
            fold[name] = total.argmin()
            total[fold[name]] += sizes[name]
        return [rows[fold[group] == number] for number in range(k)]

    def repeats(self, rows: np.ndarray, k: int, share: float) -> list[np.ndarray]:
        """What each of k random splits is scored on, about a share of ``rows``."""
        groups, shares = self.groups[rows], {"validation": share}
        return [rows[_draw(groups, shares, [self.seed, number]) == 0] for number in range(k)]


def _positions(groups: np.ndarray, seed: int) -> np.ndarray:
    """Where each row's group lies among all rows, from 0 to 1, with groups in random order."""
    names, group = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(group)[order]
    middle = np.empty(len(names))
    middle[order] = (np.cumsum(sizes) - sizes / 2) / len(groups)
    return middle[group]


def _draw(groups: np.ndarray, shares: dict[str, float], seed: int | Sequence[int]) -> np.ndarray:
    """(rows,) numbers of the parts that rows are drawn for, by whole groups; 2 for training.

    A group is taken for a part if that brings the part's rows nearer to its share. Each part has
    one group at least.
    """
    names, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) <= len(shares):
        parts = " and ".join(["training", *shares])
        raise ValueError(
            f"{len(groups)} rows in {len(names)} groups are too few for parts for {parts}: each "
            "needs a group at least"
        )
    left = np.random.default_rng(seed).permutation(len(names)).tolist()
    part = np.full(len(names), 2)
    for number, share in enumerate(shares.values()):
        missing = share * len(groups)
        taken = set()
        for name in left[: len(left) - (len(shares) - number)]:
            if sizes[name] < 2 * missing:
                taken.add(name)
                missing -= sizes[name]
        taken = taken or {min(left, key=sizes.__getitem__)}
        part[[*taken]] = number
        left = [name for name in left if name not in taken]
    return part[group]
