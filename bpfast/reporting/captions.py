"""What the sentences of a report share: captions, numbers in words, and whom they speak of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..sweeps.words import no_score, time_unit
from .run import FLOORS, Run

FIRST = 10  # networks that are called the first ones
TOP = 0.1  # share of the networks that count as the best ones
LEAST = 3  # networks that count as the best ones at least


class Caption(NamedTuple):
    """The sentence about a figure, or, if ``has_figure`` is false, why there is no such figure."""

    has_figure: bool
    sentence: str


def number(value: Any) -> str:
    """A number to three digits."""
    return f"{float(value):.3g}"


def score(value: float) -> str:
    """A score to four decimals."""
    return f"{value:.4f}"


def percent(share: float) -> str:
    """A share in percent; one that is nearly none or nearly all is not rounded to it."""
    if 0.995 <= share < 1:
        return "> 99%"
    return "< 1%" if 0 < share < 0.005 else f"{share:.0%}"


def lasted(seconds: float) -> str:
    """A time in its best unit."""
    unit, unit_seconds = time_unit(seconds)
    count = number(seconds / unit_seconds)
    return f"{count} {unit.removesuffix('s') if count == '1' else unit}"


def span(values: np.ndarray) -> str:
    """The least and the greatest of values, such as "from 1 to 3"."""
    low, high = number(values.min()), number(values.max())
    if low != high:
        return f"from {low} to {high}"
    return f"of {low}" if values.min() == values.max() else f"around {low}"


def why_no_score(run: Run) -> str:
    """Why there is no best network."""
    words = no_score(run.table)
    return f"{words[0].upper()}{words[1:]}."


def best_rows(run: Run) -> np.ndarray:
    """Rows of the best tenth of the networks, or of the best three if that is more."""
    return run.scored[: max(LEAST, round(TOP * len(run.scored)))]


def the_best(run: Run) -> str:
    """These networks in words, to begin a sentence."""
    count = len(best_rows(run))
    return "The best network" if count == 1 else f"The best {count:,} networks"


def note_thinned(rows: np.ndarray, most: int) -> str:
    """A note that a figure shows at most so many of the networks."""
    if len(rows) <= most:
        return ""
    return (
        f" At most {most:,} of the {len(rows):,} networks with a score are drawn, evenly spread "
        "over the ranks."
    )


def note_floor(run: Run, rows: np.ndarray) -> str:
    """A note that scores below the metric's floor are drawn at it."""
    below = int((run.scores[rows] < run.shown_scores[rows]).sum())
    floor = FLOORS.get(run.manifest["metric"])
    return f"; scores below {floor:g}, {below:,} of them, are drawn there" if below else ""
