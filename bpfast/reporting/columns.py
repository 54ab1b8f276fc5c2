"""What a sweep did with each column of its table."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

from ..plurals import many
from ..sweeps.words import listed
from .run import Run
from .tables import html_table

LEFT_OUT = "left out"  # the kind of a column that makes no input
MOST_NAMED = 8  # of the columns that are left out
KINDS = {"number": "numbers", "moment": "moments"}  # what several columns of a kind are called


def columns_html(run: Run) -> str:
    """A section with a row for each column; nothing for a folder that does not say."""
    columns = run.manifest.get("columns")
    if not columns:
        return ""
    rows = [[own["column"], own["kind"], str(own["inputs"]), own["done"]] for own in columns]
    table = html_table(
        ("column", "kind", "inputs", "what is done"), rows, (True, True, False, True), "plain"
    )
    return (
        '<section aria-labelledby="columns">\n<h2 id="columns">Columns of the table</h2>\n'
        f'<p id="columns-says">{escape(sentence(columns))}</p>\n'
        '<div class="scroll tall" tabindex="0" role="region" aria-label="What is done with each '
        f'column">\n{table}\n</div>\n</section>'
    )


def sentence(columns: list[dict[str, Any]]) -> str:
    """How many columns there are of each kind, and which are left out."""
    used = [own for own in columns if own["kind"] != LEFT_OUT]
    kinds = Counter(own["kind"] for own in used)
    inputs = sum(own["inputs"] for own in used)
    text = f"{many(len(used), 'column')} {'makes' if len(used) == 1 else 'make'} "
    told = [f"{KINDS.get(kind, kind)}: {count:,}" for kind, count in kinds.items()]
    text += f"{many(inputs, 'input')} ({', '.join(told)})."
    left_out = [f"{c['column']} ({c['done']})" for c in columns if c["kind"] == LEFT_OUT]
    if left_out:
        others = len(left_out) - MOST_NAMED
        told = left_out[:MOST_NAMED] + ([f"{many(others, 'other')}"] if others > 0 else [])
        text += f" Left out: {listed(told)}."
    return text
