"""What each figure of a sweep's report says, in a sentence; or why there is no such figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..sweeps.words import by_epoch, listed, many, no_score, ranked_by, time_unit
from .figures import AXES, BEST, LINES, MARKS, NARROW, TOP, WIDE, best_so_far, percent
from .run import FLOORS, Run

LEAST = 3  # networks that are spoken of as the best ones
LEVEL = 0.05  # a fall of less is hardly one
HALVINGS = {"successive": "Successive halving", "hyperband": "Hyperband"}


class Words(NamedTuple):
    """A sentence, and whether there is a figure that it is about."""

    drawn: bool
    sentence: str


def protocol(run: Run) -> str:
    """How networks were trained and ranked, and what became of them."""
    ranked = ranked_by(run.manifest["metric"], run.folds)
    says = f"Networks are ranked by their {ranked}"
    groups = run.manifest.get("groups")
    if groups is not None:
        says += f", rows of the same {groups} being in the same fold"
    return f"{says}. {_halved(run)}".strip()


def _halved(run: Run) -> str:
    """Whom a halving let go, and when."""
    if run.halving is None:
        return ""
    gone = run.table["epochs"][run.let_go]
    whom = f"{len(gone):,} of {many(len(run), 'network')}" if len(gone) else "no network"
    when = f": {by_epoch(gone)}" if len(gone) else ""
    return (
        f"{HALVINGS[run.halving['kind']]} let {whom} go early{when}. "
        f"{run.had_all.sum():,} had all {many(run.manifest['epochs'], 'epoch')}."
    )


def leaderboard(run: Run) -> str:
    """What the ranking says."""
    if not len(run.scored):
        return _no_score(run)
    metric, folds = run.manifest["metric"], run.folds
    says = f"Network {run.table['network'][0]} is first, with a "
    says += f"{ranked_by(metric, folds)} of {score(run.scores[0])}"
    if folds:
        says += f" (standard deviation {number(run.table['validation_std'][0])})"
    return f"{says}{_early(run)}{_close(run)}. {_tested(run)}"


def _early(run: Run) -> str:
    """Whether the first network is one that had fewer epochs than others."""
    early = f"after {run.table['epochs'][0]} of {many(run.manifest['epochs'], 'epoch')}"
    if run.let_go[0]:
        return f"; it was let go {early}"
    return f"; it was interrupted {early}" if run.unfinished[0] else ""


def _close(run: Run) -> str:
    """How far the first networks are apart."""
    few = run.scores[run.scored[:BEST]]
    if len(few) < 2:
        return ""
    if np.ptp(few) == 0:
        return f"; the first {len(few)} have the same score"
    return f"; the scores of the first {len(few)} span {np.ptp(few):.2g}"


def _tested(run: Run) -> str:
    """What the test part says of the first network."""
    if "test_score" not in run.table:
        return "There was no test part: all rows had a say in what was trained or ranked."
    tested = run.table["test_score"][0]
    scores = f"scores {score(tested)}" if np.isfinite(tested) else "has no finite score"
    if not run.folds:
        return f"It {scores} on the test part, which the ranking never looked at."
    return (
        f"Trained anew on all rows outside the test part, it {scores} on that part, which the "
        "ranking never looked at."
    )


def loss_best(run: Run) -> Words:
    """How the winner's loss went, and whether it was still falling."""
    reached = run.epochs[np.isfinite(run.losses[0])]
    losses = run.losses[0][np.isfinite(run.losses[0])]
    if not len(losses):
        return Words(False, "The first network has no finite loss, so there is no curve of it.")
    whose = "The best network's" if len(run.scored) else "The first network's"
    if run.table["diverged"][0]:
        whose = "The first network diverged: until then its"
    says = f"{whose} training loss{f', a mean over {run.folds} folds,' if run.folds else ''} "
    if len(losses) == 1:
        return Words(True, f"{says}was {number(losses[0])} in epoch {reached[0]}.")
    says += f"went from {number(losses[0])} in epoch {reached[0]} to {number(losses[-1])} in "
    return Words(True, f"{says}epoch {reached[-1]}; {_trend(run, reached, losses)}.")


def _trend(run: Run, reached: np.ndarray, losses: np.ndarray) -> str:
    """What a loss did at its end, and what may help."""
    start = int(0.8 * (len(losses) - 1))
    before, last = float(losses[start]), float(losses[-1])
    since = f"since epoch {reached[start]} it"
    if last == before:
        return f"{since} stood still"
    way = "rose" if last > before else "fell"
    change = abs(last - before) / before if before > 0 else np.inf
    share = percent(change).replace("<", "less than").replace(">", "more than")
    much = f"by {share}" if change <= 1 else f"from {number(before)} to {number(last)}"
    if run.table["diverged"][0]:
        return f"{since} {way} {much}"
    if way == "rose":
        return f"{since} {way} {much}: a smaller learning rate may help"
    return f"{since} {way} {much}: more epochs may help{' little' if change < LEVEL else ''}"


def loss_quantiles(run: Run) -> Words:
    """Where the networks' losses end."""
    there = np.isfinite(run.losses)
    if not there.any():
        return Words(False, "No network has a finite loss, so there are no curves.")
    if len(run) == 1:
        return Words(False, "There is one network, and its curve is above.")
    place = np.flatnonzero(there.any(axis=0))[-1]
    last, missing = run.losses[there[:, place], place], ~there[:, place]
    low, middle, high = np.quantile(last, (0.25, 0.5, 0.75))
    says = f"In epoch {run.epochs[place]}, "
    if len(last) == 1:
        says += f"the one network that came so far has a training loss of {number(middle)}"
    else:
        says += (
            f"the training losses of the {len(last):,} networks that came so far have a median of "
            f"{number(middle)}, and quartiles of {number(low)} and {number(high)}"
        )
    return Words(True, f"{says}{_why_missing(run, missing)}.")


def _why_missing(run: Run, missing: np.ndarray) -> str:
    """What became of networks that have no loss in the last epoch."""
    known = run.table["diverged"] | run.let_go | run.unfinished
    counts = {
        "diverged": missing & run.table["diverged"],
        "let go": missing & run.let_go,
        "on the way": missing & run.unfinished,
        "without a finite loss": missing & ~known,
    }
    words = [f"{rows.sum():,} {became}" for became, rows in counts.items() if rows.any()]
    return f"; the others: {', '.join(words)}" if words else ""


def learning_rate(run: Run) -> Words:
    """Where the best learning rates lie."""
    if "learning_rate" not in run.varied:
        rate = run.fixed.get("learning_rate")
        which = "" if rate is None else f", {number(rate)}"
        return Words(False, f"The learning rate does not differ between networks{which}.")
    if not len(run.scored):
        return Words(False, _no_score(run))
    rates = run.table["learning_rate"]
    top, lost = rates[_top(run)], rates[run.table["diverged"]]
    says = f"{_whom(run)} {'have learning rates' if len(top) > 1 else 'has a learning rate'} "
    says += f"{span(top)}; {span(rates)} were tried"
    if len(lost):
        whose = f"the median of the {len(lost):,}" if len(lost) > 1 else "that of the one"
        says += f", and {whose} that diverged is {number(np.median(lost))}"
    return Words(True, f"{says}{_floored(run, run.scored)}.{_drawn(run.scored, MARKS[WIDE])}")


def parallel(run: Run) -> Words:
    """What the best networks have in common."""
    if not len(run.scored):
        return Words(False, _no_score(run))
    if not run.varied:
        return Words(False, "No hyperparameter differs between networks.")
    top, names = _top(run), run.by_importance[: AXES[NARROW] - 1]
    common = "; ".join(_common(name, run.table[name][top]) for name in names)
    says = f"{_whom(run)}: {common}."
    if len(run.varied) > len(names):
        says += " Narrow pages have room for these alone."
    return Words(True, says + _drawn(run.scored, LINES[WIDE]))


def importance(run: Run) -> Words:
    """Which hyperparameters matter."""
    if not run.importance:
        return Words(False, f"There is no importance to show: {run.no_importance}.")
    first, *others = run.importance
    most = run.importance[first]
    says = f"{first} has {percent(most)} of the importance for being among the best tenth"
    if not run.had_all.all():
        says += " of those that had every epoch"
    if others:
        says += f", {others[0]} {percent(run.importance[others[0]])}"
    says += f" (Optuna's PED-ANOVA, of {many(len(run.finished), 'network')})."
    return Words(True, says)


def timeline(run: Run) -> Words:
    """When the best network came."""
    if not np.isfinite(run.ended).any():
        return Words(False, "The study has no times.")
    last = float(np.nanmax(run.ended))
    times, _ = best_so_far(run)
    says = f"The last network ended {lasted(last)} after the first began"
    if not len(times):
        return Words(True, f"{says}; none of them has a score.")
    if np.isfinite(run.ended[0]):
        says += f", the best one after {lasted(run.ended[0])}"
    steps = many(len(times), "network")
    says += f"; {steps} in turn {'were' if len(times) > 1 else 'was'} the best so far"
    timed = run.scored[np.isfinite(run.ended[run.scored])]
    return Words(True, f"{says}{_floored(run, timed)}.{_drawn(timed, MARKS[WIDE] // 2)}")


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
    """A score for people to read."""
    return f"{value:.4f}"


def lasted(seconds: float) -> str:
    """A time in its best unit."""
    unit, one = time_unit(seconds)
    count = number(seconds / one)
    return f"{count} {unit.removesuffix('s') if count == '1' else unit}"


def span(values: np.ndarray) -> str:
    """A range in words."""
    low, high = number(values.min()), number(values.max())
    if low != high:
        return f"from {low} to {high}"
    return f"of {low}" if values.min() == values.max() else f"around {low}"


def _no_score(run: Run) -> str:
    """Why there is no best network."""
    words = no_score(run.table)
    return f"{words[0].upper()}{words[1:]}."


def _top(run: Run) -> np.ndarray:
    """Places of the best tenth, or of the best three where that is more."""
    return run.scored[: max(LEAST, round(TOP * len(run.scored)))]


def _whom(run: Run) -> str:
    """The same in words, with a capital."""
    count = len(_top(run))
    return "The best network" if count == 1 else f"The best {count:,} networks"


def _common(name: str, values: np.ndarray) -> str:
    """What a hyperparameter is for some networks: the middle numbers, or the commonest choice."""
    if values.dtype.kind == "f":
        return _common_numbers(name, values)
    choices, counts = np.unique(values, return_counts=True)
    first = [str(choice) or "unset" for choice in choices[counts == counts.max()]]
    share = counts.max() / len(values)
    if share == 1:
        return f"{name} is {first[0]}{_for_all(values)}"
    each = " each" if len(first) > 1 else ""
    return f"{name} is most often {listed(first)} ({percent(share)}{each})"


def _common_numbers(name: str, values: np.ndarray) -> str:
    """Where the middle half of the numbers lie, and how many these are."""
    there = np.sort(values[np.isfinite(values)])
    if not len(there):
        return f"{name} is in none"
    quarter = len(there) // 4
    middle = there[quarter : len(there) - quarter]
    inside = int(((there >= middle[0]) & (there <= middle[-1])).sum())
    those = f"{len(there):,}" + (" that have it" if len(there) < len(values) else "")
    whom = _for_all(values) if inside == len(values) else f" for {inside:,} of the {those}"
    return f"{name} is {span(middle).removeprefix('of ')}{whom}"


def _for_all(values: np.ndarray) -> str:
    return " for all" if len(values) > 1 else ""


def _drawn(places: np.ndarray, most: int) -> str:
    """A note where a figure leaves networks out."""
    if len(places) <= most:
        return ""
    return (
        f" At most {most:,} of the {len(places):,} networks with a score are drawn, evenly spread "
        "over the ranks."
    )


def _floored(run: Run, places: np.ndarray) -> str:
    """A note where scores are drawn higher than they are."""
    below = int((run.scores[places] < run.shown_scores[places]).sum())
    floor = FLOORS.get(run.manifest["metric"])
    return f"; scores below {floor:g}, {below:,} of them, are drawn there" if below else ""
