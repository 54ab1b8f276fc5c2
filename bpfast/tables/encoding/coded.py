"""Columns of words, each of which stands for a row of a small table of inputs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import import_optional
from ..scaling import Scaler
from .column import Column, as_series, scale
from .stand_in import as_words


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

    def encode(self, values) -> np.ndarray:
        return self.table[self.codes(values)]

    def encode_scaled(self, values, scaler: Scaler) -> np.ndarray:
        return scale(self.table, scaler)[self.codes(values)]

    def codes(self, values) -> np.ndarray:
        """The row of the table that each value stands for."""
        return code_words(read_words(self.name, values, self.exact), self.words)


def read_words(name: str, values, exact: bool = False) -> Any:
    """A column's words, a polars ``Series`` with null for missing ones."""
    series = as_series(name, values)
    return series.cast(str) if exact else as_words(series)


def count_words(words: Any) -> dict[str, int]:
    """How often each of a series' words is there, in the words' order."""
    counts = words.rename("word").drop_nulls().value_counts().sort("word")
    return dict(zip(counts["word"], counts["count"], strict=True))


def code_words(words: Any, known: tuple[str, ...]) -> np.ndarray:
    """The position of each of a series' words among those that are known.

    Other words have ``len(known)``, and missing ones 1 more.
    """
    pl = import_optional("polars", "sweep")
    codes = words.cast(pl.Enum(known), strict=False).to_physical().cast(pl.Int32)
    codes = codes.fill_null(len(known)).to_numpy(writable=True)
    codes[words.is_null().to_numpy()] = len(known) + 1
    return codes
