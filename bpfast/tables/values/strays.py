"""Stray words in a column that is something else: a few of them count as missing."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from ...plurals import many

MOST_STRAYS = 3  # different stray words that may count as missing
MOST_STRAY_SHARE = 0.05  # of the values, which they may be
# Digits with a dash, a slash, a colon or several dots between: "555-1234", "1.2.3".
_CODE = r"[0-9]+[-/:][0-9]|[0-9]+\.[0-9]+\.[0-9]"


@dataclass
class Strays:
    """The values that are not what the rest of their column is.

    Attributes
    ----------
    counts : how often each of them is there; complete up to ``MOST_STRAYS`` different ones
    total : how many values there are in all
    codes : whether one looks like a version, a telephone number or a range
    """

    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0
    codes: bool = False

    def add(self, values: pl.DataFrame) -> None:
        """Add different words and how often each is there: columns ``word`` and ``count``."""
        self.total += int(values["count"].sum())
        if values.height and not self.codes:
            self.codes = bool(values["word"].str.contains(_CODE).any())
        for word, count in values.head(MOST_STRAYS + 1).iter_rows():
            if word in self.counts or len(self.counts) <= MOST_STRAYS:
                self.counts[word] = self.counts.get(word, 0) + count

    def are_few(self, values: int) -> bool:
        """Whether they may count as missing, in a column of so many values."""
        return not self.too_many and self.total <= MOST_STRAY_SHARE * values

    @property
    def too_many(self) -> bool:
        """Whether they are more different words than may count as missing."""
        return len(self.counts) > MOST_STRAYS

    def __str__(self) -> str:
        words = "words" if self.too_many else ", ".join(map(repr, sorted(self.counts)))
        return f"{words} in {many(self.total, 'row')}"
