"""Values of a column that predictions are asked for: those of a few of its rows."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from ...tables.encoding.coded import Coded
from ...tables.encoding.column import Column
from ...tables.encoding.moment import DAY, Moment
from ...tables.encoding.number import Number
from ...tables.encoding.raw import WordRows, read_moments, read_numbers
from .found import MOMENTS, NUMBERS, WORDS

MOST_WORDS = 10  # the most frequent
MOST_APART = 12  # numbers; if there are more different ones, not each has its place
BY_RANK, BY_SIZE = 16, 10  # places by shares of the rows, and by equal steps
ENDS = (0.01, 0.99)  # shares of the rows: beyond, a few rows would stretch the figure
DECILES = np.arange(1, 10) / 10
HOUR = DAY // 24


class Grid(NamedTuple):
    """Values of a column.

    Attributes
    ----------
    kind, values, counts, deciles : as a :class:`Dependence` has them
    rows : for each value a row that has it
    missing_row : a row that lacks the value, or None
    lacking : how many rows do
    """

    kind: str
    values: list[Any]
    rows: np.ndarray
    counts: list[int]
    deciles: list[Any]
    missing_row: int | None
    lacking: int

    @classmethod
    def of(cls, column: Column, values: Any) -> Grid | None:
        """The grid of a column's values in some rows; None where all of them are missing."""
        if isinstance(column, Coded):
            return _of_words(_words(column, values))
        if isinstance(column, Moment):
            moments, missing = read_moments(column.name, values, column.date_format, column.marks)
            if column.is_time_of_day:
                return _of_numbers(np.where(missing, np.nan, moments % DAY / HOUR))
            return _of_moments(moments, missing)
        assert isinstance(column, Number)
        numbers = read_numbers(column.name, values, column.decimal, column.marks, column.boolean)
        if column.boolean:
            named = {0.0: "false", 1.0: "true"}
            return _of_words([named.get(truth) for truth in numbers.tolist()])
        return _of_numbers(numbers)


def _words(column: Coded, values: Any) -> list[str | None]:
    """Each row's word, as the column knows it."""
    rows = WordRows.of(values, column.marks, column.exact)
    words = rows.text.replace_strict(rows.different["text"], rows.different["word"])
    return words.to_list()


def _of_words(words: list[str | None]) -> Grid | None:
    """The most frequent words, these first."""
    counts = Counter(word for word in words if word is not None)
    if not counts:
        return None
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    rows = np.array([words.index(word) for word in frequent])
    missing = np.array([word is None for word in words])
    return Grid(WORDS, frequent, rows, [counts[word] for word in frequent], [], *_lacking(missing))


def _of_numbers(numbers: np.ndarray) -> Grid | None:
    missing = np.isnan(numbers)
    places = _places(numbers, missing)
    if not len(places):
        return None
    values = [float(f"{number:.6g}") for number in numbers[places]]
    deciles = np.quantile(numbers[~missing], DECILES, method="inverted_cdf")
    return Grid(NUMBERS, values, places, [], deciles.tolist(), *_lacking(missing))


def _of_moments(moments: np.ndarray, missing: np.ndarray) -> Grid | None:
    places = _places(moments, missing)
    if not len(places):
        return None
    deciles = np.quantile(moments[~missing], DECILES, method="inverted_cdf").astype(np.int64)
    values, marks = (m.astype("datetime64[us]").astype(str) for m in (moments[places], deciles))
    return Grid(MOMENTS, values.tolist(), places, [], marks.tolist(), *_lacking(missing))


def _places(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Rows of different values from low to high: all values, or some that are well spread.

    Half of these are spread evenly over the rows, and the others over the values.
    """
    different, rows = np.unique(values[~missing], return_index=True)
    rows = np.flatnonzero(~missing)[rows]
    if len(different) <= MOST_APART:
        return rows
    ordered = np.sort(values[~missing])
    low, high = np.quantile(ordered, ENDS, method="inverted_cdf")
    ranks = np.linspace(*ENDS, BY_RANK)
    wanted = np.quantile(ordered, ranks, method="inverted_cdf")
    steps = low + (high - low) * np.linspace(0.0, 1.0, BY_SIZE)
    nearest = np.abs(different[:, None] - np.concatenate([wanted, steps])).argmin(axis=0)
    return rows[np.unique(nearest)]


def _lacking(missing: np.ndarray) -> tuple[int | None, int]:
    """The first of the rows that lack a value, or None, and how many do."""
    return int(missing.argmax()) if missing.any() else None, int(missing.sum())
