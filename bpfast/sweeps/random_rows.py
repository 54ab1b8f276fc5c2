"""Splits at random: each class in its proportion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..tables.splitting import Parts, split, stratified_ranks


class RandomRows(NamedTuple):
    """Splits rows at random, each class in its proportion.

    Attributes
    ----------
    y : (samples, ...) class numbers from 0 to ``classes`` - 1, or numbers, with ``classes`` 0
    classes, seed : int
    """

    y: np.ndarray
    classes: int
    seed: int

    def parts(self, validation: float, test: float) -> Parts:
        """The parts of a split without folds; shares are of all rows."""
        return split(self.y, self.classes, validation, test, self.seed)

    def hold_out(self, share: float) -> np.ndarray:
        """(samples,) bool: the test part of a cross-validation."""
        return stratified_ranks(self.y, self.classes, self.seed) < share

    def folds(self, rows: np.ndarray, k: int) -> list[np.ndarray]:
        """What each of k folds is scored on; their sizes differ by 1 at most."""
        if k > len(rows):
            raise ValueError(
                f"cv={k} folds need as many rows, {len(rows)} are not in the test part"
            )
        order = np.random.default_rng(self.seed).permutation(len(rows))
        if self.classes:  # dealt out one class after the other
            order = order[np.argsort(self.y[rows][order], kind="stable")]
        fold = np.empty(len(rows), np.int64)
        fold[order] = np.arange(len(rows)) % k
        return [rows[fold == number] for number in range(k)]

    def repeats(self, rows: np.ndarray, k: int, share: float) -> list[np.ndarray]:
        """What each of k random splits is scored on, a share of ``rows``.

        scikit-learn's StratifiedShuffleSplit refuses a class of one row, and a split without folds
        does not, so both are drawn alike.
        """
        return [rows[self._ranks(rows, [self.seed, number]) < share] for number in range(k)]

    def _ranks(self, rows: np.ndarray, seed: int | Sequence[int]) -> np.ndarray:
        return stratified_ranks(self.y[rows], self.classes, seed)
