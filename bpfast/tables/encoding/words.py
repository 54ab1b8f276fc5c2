"""Columns of words: an input for each word that is not rare."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...errors import import_optional
from ..scaling import Scaler
from .column import Column, bound_scale, count, scale
from .stand_in import as_words


@dataclass(frozen=True, kw_only=True)
class Coded(Column):
    """Words, each of which stands for a row of a table of inputs.

    Parameters
    ----------
    words : what each of the table's rows stands for; two more are for all other words, and for
        words that are missing
    exact : whether words are compared as they are, spaces and marks of missing values included, as
        in models of older versions
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


@dataclass(frozen=True, kw_only=True)
class Words(Coded):
    """Words, one-hot: an input for each, for all rare and unknown ones, and for missing ones.

    Parameters
    ----------
    words : those that have an input
    rare : how many different words are rare; if any is, rare and unknown words share an input, and
        else unknown ones have zeros only
    missing, rows : how many training rows lack the word, of how many; if none does, a missing word
        is like an unknown one
    """

    rare: int = 0
    missing: int = 0
    rows: int = 0
    kind: ClassVar[str] = "words"

    @property
    def features(self) -> list[str]:
        other = "other (rare)" if "other" in self.words else "other"
        return [
            *(f"{self.name}={word}" for word in self.words),
            *([f"{self.name}={other}"] if self.rare else []),
            *([f"{self.name} is missing"] if self.missing else []),
        ]

    @property
    def flags(self) -> list[bool]:
        return [True] * len(self.features)

    @property
    def done(self) -> str:
        parts = [f"one-hot: {count(len(self.words), 'word')}"]
        if self.rare:
            parts.append(f"1 input for {count(self.rare, 'rare word')}")
        if self.missing:
            parts.append(f"1 where {self.missing:,} of {count(self.rows, 'row')} lack it")
        return ", ".join(parts)

    @cached_property
    def table(self) -> np.ndarray:
        table = np.eye(len(self.words) + 2)
        if not self.missing:
            table[-1] = table[-2]
        inputs = [True] * len(self.words) + [self.rare > 0, self.missing > 0]
        return table[:, inputs]


def read_words(name: str, values, exact: bool = False) -> Any:
    """A column's words, a polars ``Series`` with null for missing ones."""
    pl = import_optional("polars", "sweep")
    series = values if isinstance(values, pl.Series) else pl.Series(name, values, strict=False)
    return series.cast(pl.String) if exact else as_words(series)


def count_words(words: Any) -> dict[str, int]:
    """How often each of a series' words is there, in the words' order."""
    counts = words.drop_nulls().value_counts().sort(words.name)
    return dict(zip(counts[words.name], counts["count"], strict=True))


def code_words(words: Any, known: tuple[str, ...]) -> np.ndarray:
    """The position of each word among those that are known.

    Others are as many as are known, and missing ones that and 1.
    """
    pl = import_optional("polars", "sweep")
    codes = words.cast(pl.Enum(known), strict=False).to_physical().cast(pl.Int32)
    codes = codes.fill_null(len(known)).to_numpy(writable=True)
    codes[words.is_null().to_numpy()] = len(known) + 1
    return codes


def fit_flag_scaler(table: np.ndarray, codes: np.ndarray) -> Scaler:
    """The scaler of a table's zeros and ones in the rows that codes stand for."""
    share = np.bincount(codes, minlength=len(table)) @ table / len(codes)
    deviations = np.sqrt(share * (1.0 - share))
    scales = np.where(deviations > 0, bound_scale(deviations, table[0] == table[0]), 1.0)
    return Scaler(share, scales)
