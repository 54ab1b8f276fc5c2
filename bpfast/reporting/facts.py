"""The facts at the top of a report: scores, networks, epochs and times; and how networks ranked."""

from __future__ import annotations

from html import escape

from ..plurals import many
from ..sweeps.metrics import SCORES, Metric
from ..sweeps.words import (
    by_epoch,
    duration,
    in_ensemble,
    ranked_by,
    trained_on_logarithm,
    which_is_better,
)
from .leaderboard import cell
from .run import Run

HALVINGS = {"successive": "Successive halving", "hyperband": "Hyperband"}
_Fact = tuple[str, str, str]  # a name, its value, and a remark in small letters


def facts_html(run: Run) -> str:
    """The facts as HTML."""
    metric, beside = run.metric.label, _beside(run, "validation")
    remark = ", ".join(filter(None, [_spread(run), beside]))
    entries = [(f"Validation {metric}", cell(run, "validation_score", 0), remark)]
    if "test_score" in run.table:
        whose = "of the first, trained anew" if run.folds else "of the first"
        remark = ", ".join(filter(None, [whose, _beside(run, "test")]))
        entries.append((f"Test {metric}", cell(run, "test_score", 0), remark))
    entries += _ensemble(run)
    entries += [("Networks", f"{len(run):,}", _fates(run)), _epochs(run), *_times(run)]
    return "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}"
        f"{f'<small>{escape(remark)}</small>' if remark else ''}</dd></div>"
        for name, value, remark in entries
    )


def _ensemble(run: Run) -> list[_Fact]:
    """The ensemble's scores."""
    found, metric = run.manifest.get("ensemble"), run.metric
    if not found:
        return []
    networks = [own["network"] for own in found["members"]]
    members = f"of {in_ensemble(networks, run.folds)}"
    scores = {"validation": found["score"], "test": found["test_score"]}
    return [
        (f"Ensemble's {part} {metric.label}", metric.format(score), members)
        for part, score in scores.items()
        if score is not None
    ]


def _spread(run: Run) -> str:
    """What the first network's score is a mean of."""
    if not run.folds:
        return ""
    return f"mean of {run.folds} folds, deviation {cell(run, 'validation_std', 0)}"


def _beside(run: Run, part: str) -> str:
    """The first network's accuracy or R² on a part, where networks are ranked by another metric."""
    names = [name for name in SCORES.values() if f"{part}_{name}" in run.table]
    return "".join(f"{Metric(name).label} {cell(run, f'{part}_{name}', 0)}" for name in names[:1])


def _fates(run: Run) -> str:
    """How many networks ended before the others, and why."""
    counts = {"let go": run.let_go, "on the way": run.unfinished}
    words = [f"{rows.sum():,} {fate}" for fate, rows in counts.items() if rows.any()]
    return ", ".join([f"{run.table['diverged'].sum():,} diverged", *words])


def _epochs(run: Run) -> _Fact:
    """How many epochs networks had."""
    epochs, asked = run.table["epochs"], run.manifest["epochs"]
    least, most = int(epochs.min()), int(epochs.max())
    if least == asked:
        return "Epochs for each", f"{asked:,}", ""
    had = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return "Epochs", had, f"{run.had_all.sum():,} of {len(run):,} had all {asked:,}"


def _times(run: Run) -> list[_Fact]:
    """How long all took, and how fast that was."""
    manifest, seconds = run.manifest, run.manifest["seconds"]
    device = f"device {manifest['device']}"
    if not seconds > 0:
        return [("Training time", duration(seconds), device)]
    ended = (len(run) - int(run.unfinished.sum())) * max(run.folds, 1)
    networks = f"{_short(ended / seconds)} networks/s" if ended else ""
    return [
        ("Training time", duration(seconds), networks),
        ("Sample-updates/s", _short(manifest["sample_updates"] / seconds), device),
    ]


def _short(value: float) -> str:
    """A number to three digits, with a letter for thousands or millions."""
    for factor, letter in ((1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"


def protocol(run: Run) -> str:
    """How networks were ranked, and how many a halving let go."""
    ranked = ranked_by(run.metric, run.folds)
    text = f"Networks are ranked by their {ranked}{which_is_better(run.metric)}"
    groups = run.manifest.get("groups")
    if groups is not None:
        unit = "fold" if run.folds else "part"
        text += f", rows of the same {groups} being in the same {unit}"
    if run.manifest.get("split") == "time":
        tested = "" if run.manifest.get("test_data") else " and tested"
        column = run.manifest["time_column"]
        text += f". They learn from rows that are earlier by {column} than those "
        text += f"that they are ranked{tested} by"
    transform = run.manifest.get("settings", {}).get("target_transform", "none")
    if trained := trained_on_logarithm(transform):
        text += f". They are {trained}"
    return f"{text}. {_halved(run)}".strip()


def _halved(run: Run) -> str:
    """How many networks a halving let go, and when."""
    if run.halving is None:
        return ""
    epochs = run.table["epochs"][run.let_go]
    networks = f"{len(epochs):,} of {many(len(run), 'network')}" if len(epochs) else "no network"
    when = f": {by_epoch(epochs)}" if len(epochs) else ""
    return (
        f"{HALVINGS[run.halving['kind']]} let {networks} go early{when}. "
        f"{run.had_all.sum():,} had all {many(run.manifest['epochs'], 'epoch')}."
    )
