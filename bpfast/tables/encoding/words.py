"""Columns of words, one-hot: an input for each word that is not rare."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ...plurals import many
from ..scaling import Scaler
from .coded import Coded
from .column import FittedColumn
from .input_scales import bound_scale
from .raw import WordRows
from .sentences import lacking

SHORT = 24  # characters, in which words are named and not only counted


@dataclass(frozen=True, kw_only=True)
class Words(Coded):
    """Words, one-hot: an input for each, for all rare and unknown ones, and for missing ones.

    Parameters
    ----------
    words : those that have an input
    rare : how many other words the training rows have; if any, these and unknown words share an
        input, and else unknown words are zeros
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
    def bounded(self) -> list[bool]:
        return [True] * len(self.features)

    @property
    def done(self) -> str:
        done, names = f"{many(len(self.words), 'word')} one-hot", ", ".join(self.words)
        if len(names) <= SHORT:
            done += f": {names}"
        if self.rare:
            done += f"; {many(self.rare, 'rare one')} as 'other'"
        return done + lacking(self.missing, self.rows)

    @cached_property
    def table(self) -> np.ndarray:
        table = np.eye(len(self.words) + 2)
        if not self.missing:
            table[-1] = table[-2]
        return table[:, [True] * len(self.words) + [self.rare > 0, self.missing > 0]]


def fit_words(name: str, words: WordRows, frequent: tuple[str, ...], rare: int) -> FittedColumn:
    """The training rows' words one-hot, of which ``rare`` ones share an input."""
    codes = words.codes(frequent)
    column = Words(name=name, words=frequent, rare=rare, missing=words.missing, rows=len(codes))
    share = np.bincount(codes, minlength=len(column.table)) @ column.table / len(codes)
    deviation = np.sqrt(share * (1.0 - share))
    scale = np.where(deviation > 0.0, bound_scale(deviation, column.bounded), 1.0)
    return FittedColumn(column, Scaler(share, scale))
