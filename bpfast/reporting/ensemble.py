"""The ensemble: its scores beside the best network's, and its members."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from ..sweeps.words import column_title, in_ensemble, ranked_by, which_is_better
from .captions import number, percent
from .leaderboard import NOTHING, ROWS, cell
from .run import Run
from .tables import html_table

SHAPE = ("number_encoding", "hidden", "width", "depth")  # columns of a member, where it has them


def ensemble_html(run: Run) -> str:
    """A section; nothing for a folder without an ensemble."""
    found = run.manifest.get("ensemble")
    if not found:
        return ""
    networks = len(_weights(found))
    more = f"The {ROWS} with the most weight, of {networks:,}." if networks > ROWS else ""
    return (
        '<section aria-labelledby="ensemble">\n<h2 id="ensemble">The ensemble</h2>\n'
        f'<p id="ensemble-says">{escape(sentence(run, found))}</p>\n'
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Members of the ensemble">'
        f'\n{_table(run, found)}\n</div>\n<p class="muted">{more}</p>\n</section>'
    )


def sentence(run: Run, found: dict[str, Any]) -> str:
    """How it compares with the best network, and how its members' predictions become its own."""
    metric = run.metric
    text = f"The ensemble's {ranked_by(metric, run.folds)} is {metric.format(found['score'])}, "
    text += f"the best network's {metric.format(run.scores[0])}{which_is_better(metric)}"
    tested = found["test_score"]
    if tested is not None:
        text += (
            f"; on the test part, which no member was picked by, they are {metric.format(tested)} "
            f"and {cell(run, 'test_score', 0)}"
        )
    text += f". It predicts the weighted mean of {in_ensemble(_weights(found), run.folds)}"
    temperature = found["temperature"]
    if temperature != 1.0:
        how = "less sure" if temperature > 1.0 else "more sure"
        text += f", made {how} by a temperature of {number(temperature)}"
    return f"{text}."


def _table(run: Run, found: dict[str, Any]) -> str:
    """A row for each network, with its weight in all folds, the greatest first."""
    rank = {network: row for row, network in enumerate(run.table["network"].tolist())}
    names = [name for name in ("validation_score", *SHAPE) if name in run.table]
    members = sorted(_weights(found).items(), key=lambda own: (-own[1], own[0]))
    rows = []
    for network, weight in members[:ROWS]:
        row = rank.get(network)  # none where the table has only the best of many
        told = [NOTHING if row is None else cell(run, name, row) for name in names]
        place = NOTHING if row is None else str(row + 1)
        rows.append([str(network), percent(weight), place, *told])
    titles = [column_title(name, run.metric) for name in names]
    heads = ["network", "weight", "rank", *titles]
    texts = [_is_text(run.table[name]) for name in names]
    is_text = [False] * (len(heads) - len(names)) + texts
    return html_table(heads, rows, is_text, "even")


def _weights(found: dict[str, Any]) -> dict[int, float]:
    """Weights of the table's networks; each has a member for each fold."""
    weights: dict[int, float] = {}
    for own in found["members"]:
        weights[own["network"]] = weights.get(own["network"], 0.0) + own["weight"]
    return weights


def _is_text(values: np.ndarray) -> bool:
    return values.dtype.kind == "U"
