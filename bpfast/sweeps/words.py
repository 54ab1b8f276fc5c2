"""What the terminal and the report both say of a sweep's table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..plurals import many
from .metrics import SCORES, Metric

MOST_ENDS = 8  # epochs that are told one by one
SHORT = {"seconds": "s", "minutes": "min", "hours": "h"}


def listed(words: Sequence[str]) -> str:
    """Words with commas, and an "and" before the last."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def trained_on_logarithm(transform: str) -> str:
    """What networks of a target with a transform are trained on; "" without a transform."""
    if transform not in ("log", "log1p"):
        return ""
    inner = "1 + target" if transform == "log1p" else "target"
    return f"trained on log({inner}), and predict in its own units"


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit that a time is best told in, and its seconds."""
    if seconds < 120:
        return "seconds", 1.0
    return ("minutes", 60.0) if seconds < 7200 else ("hours", 3600.0)


def duration(seconds: float) -> str:
    """A time in its best unit, in short."""
    unit, one = time_unit(seconds)
    return f"{seconds / one:.3g} {SHORT[unit]}"


def ended_early(table: Mapping[str, np.ndarray], epochs: int) -> np.ndarray:
    """(networks,) bool: neither diverged, nor trained to the last epoch or out of patience."""
    early = ~table["diverged"] & (table["epochs"] < epochs)
    return early & ~table["stopped"].astype(bool) if "stopped" in table else early


def by_epoch(epochs: np.ndarray) -> str:
    """How many networks ended after which epoch, such as "20 after epoch 1 and 5 after epoch 3"."""
    ends, counts = np.unique(epochs, return_counts=True)
    if len(ends) > MOST_ENDS:
        return f"after epochs {ends[0]:,} to {ends[-1]:,}"
    counted = zip(ends, counts, strict=True)
    return listed([f"{count:,} after epoch {end:,}" for end, count in counted])


def to_predict(kind: str, outputs: int) -> str:
    """What is predicted for a row, such as "2 classes" or "a number to predict"."""
    if kind == "numbers":
        return "a number to predict" if outputs == 1 else f"{outputs} numbers to predict"
    return f"{outputs} {kind}"


def ranked_by(metric: Metric, folds: int) -> str:
    """What networks are ranked by; folds are 0 without a cross-validation."""
    mean, over = ("mean ", f" over {folds} folds") if folds else ("", "")
    return f"{mean}validation {metric.label}{over}"


def in_ensemble(networks: Iterable[int], folds: int) -> str:
    """How many of the table's networks an ensemble has; each of its members is of one of them."""
    return many(len({*networks}), "network") + (f" on each of {folds} folds" if folds else "")


def which_is_better(metric: Metric) -> str:
    """A remark behind the name of a loss, of which less is better."""
    return " (less is better)" if metric.sign < 0 else ""


def metric_in(column: str, metric: Metric) -> Metric | None:
    """The metric whose scores are in a column of the table; None where others are.

    Parameters
    ----------
    metric : of the columns that are called a score
    """
    name = column.removeprefix("validation_").removeprefix("test_")
    if name.endswith("score"):
        return metric
    return Metric(name) if name != column and name in SCORES.values() else None


def column_title(column: str, metric: Metric) -> str:
    """What a column of the table is called, such as "validation log loss"."""
    own = metric_in(column, metric)
    return column.replace("_", " ") if own is None else f"{column.split('_')[0]} {own.label}"


def no_score(table: Mapping[str, np.ndarray]) -> str:
    """Why no network of a table has a score, and what to do."""
    count, diverged = len(table["network"]), int(table["diverged"].sum())
    if not count:
        return "no network has a score: Ctrl-C came before any was scored"
    tried = ""
    if "learning_rate" in table:
        low, high = (f"{rate:.3g}" for rate in np.quantile(table["learning_rate"], (0, 1)))
        tried = f" ({low} was tried)" if low == high else f" ({low} to {high} was tried)"
    clip = f"{'lower' if 'clip_norm' in table else 'set'} clip_norm"
    if diverged == count:
        others, advice = "", f", or {clip}"
    else:
        others = ", and what the others predict has no finite score"
        advice = f", {clip}, or choose another metric"
    return (
        f"no network has a score: {diverged:,} of {count:,} diverged{others}; lower the learning "
        f"rate{tried}{advice}"
    )
