"""What the sentences of a report share: captions, numbers in words, and whom they speak of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..sweeps.words import no_score, time_unit
from .run import Run

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


def plain(value: float) -> str:
    """The same without an exponent, as far as people read it."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else number(value)


def percent(share: float) -> str:
    """A share in percent; one that is nearly none or nearly all is not rounded to it."""
    if 0.995 <= share < 1:
        return "> 99%"
    return "< 1%" if 0 < share < 0.005 else f"{share:.0%}"


def shortened(name: str, most: int) -> str:
    """A name of at most so many letters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def points(share: float) -> str:
    """A difference of shares in percentage points."""
    return f"{100 * share:.1f} percentage points"


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


def note_beyond(run: Run, rows: np.ndarray) -> str:
    """A note that values beyond the worst that is drawn are drawn at it."""
    beyond = int((run.metric.sign * run.scores[rows] != run.drawn_scores[rows]).sum())
    which = "scores below" if run.metric.sign > 0 else "losses above"
    worst = number(run.worst_drawn)
    return f"; {which} {worst}, {beyond:,} of them, are drawn there" if beyond else ""
