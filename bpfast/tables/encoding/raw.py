"""A column's values as they come, of any type: numbers, moments or words.

``tables.values`` reads text of all sorts and needs polars; an array of numbers needs neither, so
both are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from ...errors import import_optional


def read_numbers(
    name: str, values, decimal: str = "", marks: Collection[str] = (), boolean: bool = False
) -> np.ndarray:
    """A column's numbers in float64, NaN where they are missing or infinite.

    Parameters
    ----------
    values : a polars ``Series`` or an array
    decimal : the decimal mark of text, or "" to see it from the text
    marks : words that stand for missing values, beside the usual ones
    boolean : whether text says true and false; other words are missing values then

    Raises
    ------
    ValueError
        Text that is no number; the message names column, row and value.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
        numbers[np.isinf(numbers)] = np.nan
        return numbers
    series = _as_series(name, values)
    from ..values import as_booleans, as_numbers

    if boolean and not series.dtype.is_numeric():
        return as_booleans(series, marks)
    numbers, bad = as_numbers(series, decimal or None, marks)
    if bad is not None:
        written = " with decimal commas" if decimal == "," else ""
        raise ValueError(
            f"column {name!r} has {series[bad]!r} in row {bad + 1}, expected numbers{written}, "
            "which the model was trained with"
        )
    return numbers


def read_moments(
    name: str, values, date_format: str = "", marks: Collection[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """A column's moments, in microseconds since 1970, and whether each is missing.

    Parameters
    ----------
    values : a polars ``Series`` or an array
    date_format : how text writes dates, of ``values.moments.FORMATS``, or "" to see it
    marks : words that stand for missing values, beside the usual ones

    Raises
    ------
    ValueError
        Text that is no date or time; the message names column, row and value.
    """
    series = _as_series(name, values)
    from ..values import as_moments

    moments = as_moments(series, date_format or None, marks)
    microseconds = moments.to_physical().fill_null(0).to_numpy()
    return microseconds, moments.is_null().to_numpy()


class WordRows(NamedTuple):
    """A column's words.

    Attributes
    ----------
    text : a polars ``Series`` of all values as text
    different : each different text of these, ``text``, with how often it is there, ``count``, and
        the word that it is, ``word``, null where it is missing
    """

    text: Any
    different: Any

    @classmethod
    def of(cls, values, marks: Collection[str] = (), exact: bool = False) -> WordRows:
        """Read a polars ``Series`` or an array of any type.

        Parameters
        ----------
        marks : words that stand for missing values, beside the usual ones
        exact : whether text is a word as it stands, with its spaces, whatever it is
        """
        from ..values import as_words
        from ..values.marks import to_text

        text = to_text(_as_series("text", values))

        different = text.value_counts()
        words = different["text"] if exact else as_words(different["text"], marks)
        return cls(text, different.with_columns(words.alias("word")))

    def counts(self) -> dict[str, int]:
        """How often each word is there, in the words' order."""
        total = import_optional("polars", "sweep").col("count").sum()
        known = self.different.drop_nulls("word").group_by("word").agg(total).sort("word")
        return dict(zip(known["word"], known["count"], strict=True))

    @property
    def missing(self) -> int:
        """How many rows have no word."""
        return int(self.different.filter(self.different["word"].is_null())["count"].sum())

    def codes(self, known: tuple[str, ...]) -> np.ndarray:
        """The position of each row's word among those that are known.

        Other words have ``len(known)``, and missing ones 1 more.
        """
        pl = import_optional("polars", "sweep")
        words = self.different["word"].replace(other_spellings(known))
        codes = words.cast(pl.Enum(known), strict=False).to_physical().cast(pl.Int32)
        codes = codes.fill_null(len(known)).set(words.is_null(), len(known) + 1)
        codes_of_rows = self.text.replace_strict(self.different["text"], codes)
        return codes_of_rows.cast(pl.Int32).to_numpy()  # without rows it had no type


def other_spellings(known: Collection[str]) -> dict[str, str]:
    """How else true and false among known words may be written, as TRUE, and the word that it is.

    Truth values are "true" in polars' text, and "True" in Python's and in files of pandas.
    """
    return {
        case(word): word
        for word in known
        if word.lower() in ("true", "false")
        for case in (str.lower, str.capitalize, str.upper)
        if case(word) not in known
    }


def _as_series(name: str, values) -> Any:
    pl = import_optional("polars", "sweep")
    if isinstance(values, pl.Series):
        return values.alias(name)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]")
    return pl.Series(name, values.tolist(), strict=False)
