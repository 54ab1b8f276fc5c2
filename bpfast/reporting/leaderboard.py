"""The ranking of a report: its table, and what is said of the first network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..plurals import many
from ..sweeps.metrics import SCORES, Metric
from ..sweeps.words import column_title, metric_in, ranked_by
from .captions import FIRST, number, why_no_score
from .run import Run, has_value
from .tables import html_table

NOTHING = "\N{EN DASH}"  # where a network has no such hyperparameter
ROWS = 25  # of the table


def table_html(run: Run) -> str:
    """The first networks as HTML: scores first, then what was varied."""
    names = [name for name in run.table if name.startswith(("validation", "test"))]
    names += ["epochs"] * (len(np.unique(run.table["epochs"])) > 1)
    names = [name for name in (*names, *run.varied, "loss", "network") if name in run.table]
    rows = [
        [str(row + 1), *(cell(run, name, row) for name in names)]
        for row in range(min(ROWS, len(run)))
    ]
    heads = ["rank", *(column_title(name, run.metric) for name in names)]
    is_text = [False, *(run.table[name].dtype.kind == "U" for name in names)]
    return html_table(heads, rows, is_text)


def cell(run: Run, name: str, row: int) -> str:
    """A network's value in a column of the table."""
    value, metric = run.table[name][row], metric_in(name, run.metric)
    if metric is None:
        return _as_text(value)
    if run.table["diverged"][row]:
        return "diverged"
    return NOTHING if np.isnan(value) else metric.format(value)


def _as_text(value: Any) -> str:
    """A hyperparameter's value for people to read."""
    if isinstance(value, str):
        return value or NOTHING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if np.isnan(value):
        return NOTHING
    return f"{value:,}" if isinstance(value, np.integer) else number(value)


def left_out(run: Run) -> str:
    """What the table leaves out: later networks, and hyperparameters that do not differ."""
    sentences = [f"The first {ROWS} of {len(run):,}; networks.csv has all."] * (len(run) > ROWS)
    for which, everywhere in (("", True), (" that has it", False)):
        same = [
            f"{name} {_as_text(value)}"
            for name, value in run.fixed.items()
            if has_value(run.table[name]).all() == everywhere
        ]
        if same:
            sentences.append(f"The same for every network{which}: {', '.join(same)}.")
    return " ".join(sentences)


def sentence(run: Run) -> str:
    """What the ranking says: the first network, how far others are, and its test score."""
    if not len(run.scored):
        return why_no_score(run)
    text = f"Network {run.table['network'][0]} is first: its {ranked_by(run.metric, run.folds)} is "
    text += run.metric.format(run.scores[0])
    if run.folds:
        text += f" (standard deviation {number(run.table['validation_std'][0])})"
    text += _beside(run, "validation")
    return f"{text}{_fewer_epochs(run)}{_distance(run)}. {_tested(run)}"


def _beside(run: Run, part: str) -> str:
    """The accuracy or R² of the first network on a part, where networks are ranked by another."""
    found = {name: run.table.get(f"{part}_{name}", [np.nan])[0] for name in SCORES.values()}
    told = [
        f", its {Metric(name).label} {Metric(name).format(value)}"
        for name, value in found.items()
        if np.isfinite(value)
    ]
    return "".join(told)


def _fewer_epochs(run: Run) -> str:
    """Whether the first network is one that had fewer epochs than others."""
    early = f"after {run.table['epochs'][0]} of {many(run.manifest['epochs'], 'epoch')}"
    if run.let_go[0]:
        return f"; it was let go {early}"
    return f"; it was interrupted {early}" if run.unfinished[0] else ""


def _distance(run: Run) -> str:
    """How far apart the scores of the first networks are."""
    few = run.scores[run.scored[:FIRST]]
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
    told = run.metric.format(tested) if np.isfinite(tested) else "not finite"
    anew = " once it is trained anew on all other rows" if run.folds else ""
    return (
        f"On the test part, which the ranking never looked at, its {run.metric.label}{anew} is "
        f"{told}{_beside(run, 'test')}."
    )
