"""What each figure of a sweep's report says, in a sentence; or why there is no such figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .report_figures import (
    AXES,
    BEST,
    LINES,
    MARKS,
    NARROW,
    TOP,
    WIDE,
    best_so_far,
    percent,
    time_unit,
)
from .report_run import FLOORS, Run
from .sweep import no_score

LEAST = 3  # networks that are spoken of as the best ones


class Words(NamedTuple):
    """A sentence, and whether there is a figure that it is about."""

    drawn: bool
    sentence: str


def leaderboard(run: Run) -> str:
    """What the ranking says."""
    if not len(run.scored):
        words = no_score(run.table)
        return f"{words[0].upper()}{words[1:]}."
    metric, first = run.manifest["metric"], run.table["network"][0]
    scores, few = run.scores[run.scored], min(BEST, len(run.scored))
    test = run.table["test_score"][0]
    says = (
        f"Network {first} is first, with a validation {metric} of {score(scores[0])} and "
        f"{score(test)} on the test part, which the ranking never looked at"
    )
    if few > 1:
        says += f"; the first {few} lie within {scores[0] - scores[few - 1]:.2g} of each other"
    return says + "."


def loss_best(run: Run) -> Words:
    """How far the winner's loss fell, and whether it was still falling."""
    reached = run.epochs[np.isfinite(run.losses[0])]
    losses = run.losses[0][np.isfinite(run.losses[0])]
    if not len(losses):
        return Words(False, "The first network has no finite loss, so there is no curve of it.")
    whose = (
        "The best network's" if len(run.scored) else "The first network diverged: until then its"
    )
    if len(losses) == 1:
        return Words(True, f"{whose} training loss was {number(losses[0])}.")
    fell = f"from {number(losses[0])} to {number(losses[-1])} in {reached[-1]} epochs"
    before = losses[int(0.8 * (len(losses) - 1))]
    if losses[-1] < 0.95 * before:
        end = f"it fell by {1 - losses[-1] / before:.0%} in the last fifth of them: more may help"
    else:
        end = "it fell by less than 5% in the last fifth of them: more would help little"
    return Words(True, f"{whose} training loss went {fell}; {end}.")


def loss_quantiles(run: Run) -> Words:
    """Where the networks' losses end."""
    there = np.isfinite(run.losses).any(axis=0)
    if not there.any():
        return Words(False, "No network has a finite loss, so there are no curves.")
    if len(run) == 1:
        return Words(False, "There is one network, and its curve is above.")
    last = run.losses[:, there][:, -1]
    last = last[np.isfinite(last)]
    low, middle, high = np.quantile(last, (0.25, 0.5, 0.75))
    says = (
        f"After {many(run.epochs[there][-1], 'epoch')}, half of the networks that were left have a "
        f"training loss between {number(low)} and {number(high)}, the median is {number(middle)}"
    )
    diverged = int(run.table["diverged"].sum())
    if diverged:
        says += f"; {many(diverged, 'network')} of {len(run):,} diverged and left on the way"
    return Words(True, says + ".")


def learning_rate(run: Run) -> Words:
    """Where the best learning rates lie."""
    if "learning_rate" not in run.varied:
        rate = run.fixed.get("learning_rate")
        fixed = "" if rate is None else f": it was {number(rate)} for all"
        return Words(False, f"The learning rate was not varied{fixed}.")
    if not len(run.scored):
        return Words(False, "Every network diverged: no learning rate has a score.")
    top = run.table["learning_rate"][_top(run)]
    rates = run.table["learning_rate"]
    says = (
        f"The best {many(len(top), 'network')} {'have' if len(top) > 1 else 'has'} learning rates "
        f"{span(top)}, of {number(rates.min())} to {number(rates.max())} that were tried"
    )
    lost = rates[run.table["diverged"]]
    if len(lost):
        says += f"; the median of those that diverged is {number(np.median(lost))}"
    return Words(True, says + _floored(run) + "." + _drawn(run, MARKS[WIDE]))


def parallel(run: Run) -> Words:
    """What the best networks have in common."""
    if not len(run.scored):
        return Words(False, "Every network diverged: there is no score for a line to end at.")
    if not run.varied:
        return Words(False, "No hyperparameter was varied.")
    top, names = _top(run), run.by_importance[: AXES[NARROW] - 1]
    common = "; ".join(_common(name, run.table[name][top]) for name in names)
    says = f"Among the best {many(len(top), 'network')}: {common}."
    if len(run.varied) >= AXES[NARROW]:
        says += " Narrow pages have room for these alone."
    return Words(True, says + _drawn(run, LINES[WIDE]))


def importance(run: Run) -> Words:
    """Which hyperparameters matter."""
    if not run.importance:
        return Words(False, f"There is no importance to show: {run.no_importance}.")
    names = list(run.importance)
    first, *others = names
    says = f"{first} matters most for being among the best tenth: {percent(run.importance[first])}"
    if others:
        says += f" of the whole, before {others[0]} with {percent(run.importance[others[0]])}"
    says += " (Optuna's PED-ANOVA)"
    return Words(True, says + ("." if len(run.scored) >= 100 else ", from few networks."))


def timeline(run: Run) -> Words:
    """When the best network came."""
    if not np.isfinite(run.ended).any():
        return Words(False, "The study has no times.")
    unit, seconds = time_unit(np.nanmax(run.ended))
    whole = f"{np.nanmax(run.ended) / seconds:.3g} {unit}"
    times, _ = best_so_far(run)
    if not len(times):
        return Words(True, f"In {whole}, no network was trained to a score.")
    steps = many(len(times), "network")
    says = f"The best network was done after {times[-1] / seconds:.3g} of {whole}; {steps} in turn "
    return Words(
        True, says + f"{'were' if len(times) > 1 else 'was'} the best so far{_floored(run)}."
    )


WORDS: dict[str, Callable[[Run], Words]] = {
    "loss_best": loss_best,
    "loss_quantiles": loss_quantiles,
    "learning_rate": learning_rate,
    "parallel": parallel,
    "importance": importance,
    "timeline": timeline,
}


# --- their parts ----------------------------------------------------------------------------------


def number(value: Any) -> str:
    """A number for people to read."""
    return f"{float(value):.3g}"


def score(value: float) -> str:
    """A score, or that there is none."""
    return f"{value:.4f}" if np.isfinite(value) else "none"


def many(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def span(values: np.ndarray) -> str:
    """A range in words."""
    low, high = number(values.min()), number(values.max())
    return f"around {low}" if low == high else f"from {low} to {high}"


def _top(run: Run) -> np.ndarray:
    """Places of the best tenth, or of the best three where that is more."""
    return run.scored[: max(LEAST, round(TOP * len(run.scored)))]


def _common(name: str, values: np.ndarray) -> str:
    """What a hyperparameter is for some networks: the middle numbers, or the commonest choice."""
    if values.dtype.kind == "f":
        there = values[np.isfinite(values)]
        if not len(there):
            return f"{name} in none"
        whom = "them" if len(there) == len(values) else "those that have it"
        return f"{name} is {span(np.quantile(there, (0.25, 0.75)))} for half of {whom}"
    choices, counts = np.unique(values, return_counts=True)
    most = int(counts.argmax())
    choice, share = choices[most] or "unset", counts[most] / len(values)
    if share < 0.5:
        return f"{name} is mixed, most often {choice} ({percent(share)})"
    return f"{name} is {choice} for {'all' if share == 1 else percent(share)}"


def _drawn(run: Run, most: int) -> str:
    """A note where a figure leaves networks out."""
    count = len(run.scored)
    if count <= most:
        return ""
    return f" At most {most:,} of {count:,} are drawn, evenly spread over the ranks."


def _floored(run: Run) -> str:
    """A note where scores are drawn higher than they are."""
    below = int((run.scores[run.scored] < run.shown_scores[run.scored]).sum())
    floor = FLOORS.get(run.manifest["metric"])
    return f"; {many(below, 'score')} below {floor:g} are drawn there" if below else ""
