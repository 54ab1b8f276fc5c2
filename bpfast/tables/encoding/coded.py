"""Columns of words, each of which stands for a row of a small table of inputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..scaling import Scaler
from .column import Column
from .input_scales import scale
from .raw import WordRows

ROWS_AT_A_TIME = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Coded(Column):
    """Words, each of which stands for a row of a table of inputs.

    Parameters
    ----------
    words : what the table's rows stand for; its last two are for all other words, and for words
        that are missing
    exact : whether words are compared as they are, with spaces and marks of missing values, as in
        models of older versions
    """

    words: tuple[str, ...]
    exact: bool = False

    @cached_property
    @abstractmethod
    def table(self) -> np.ndarray:
        """The inputs for each word, for other words and for missing ones, (words + 2, inputs)."""

    def inputs(self, values) -> Iterable[np.ndarray]:
        codes = self.codes(values)
        return (own[codes] for own in self.table.T)

    def write_scaled(self, X: np.ndarray, values, scaler: Scaler) -> None:
        table, codes = scale(self.table, scaler), self.codes(values)
        for first in range(0, len(X), ROWS_AT_A_TIME):  # all at once would be another X
            rows = slice(first, first + ROWS_AT_A_TIME)
            X[rows] = table[codes[rows]]

    def codes(self, values) -> np.ndarray:
        """The row of the table that each value stands for."""
        return WordRows.of(values, self.marks, self.exact).codes(self.words)
