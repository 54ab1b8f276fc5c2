"""What is said and drawn of columns' importance is what was found."""

import math

import numpy as np
import pytest
from claims import N, claims, same, told, value
from examples_budget import drawn as so_many
from hypothesis import given
from inspected import check_rows, run_of
from inspections import inspection, inspections

from bpfast.reporting import column_importance
from bpfast.reporting.style import NARROW, WIDE


@so_many(40)
@given(inspections())
def test_which_columns_matter(found):
    has_figure, text = column_importance.caption(run_of(found))
    means = {name: np.mean(own) for name, own in found.importance.items()}
    known = sorted((n for n, mean in means.items() if not math.isnan(mean)), key=means.get)[::-1]
    assert has_figure == bool(known)
    if not known:
        label = "accuracy" if found.metric == "accuracy" else "log loss"
        assert text == f"There is no {label} once a column's values are shuffled among the rows."
        return
    rows, label, score, worst, doubtful, of, lines, drawn, every = claims(
        rf"On (.+), the ensemble's (log loss|accuracy) is {N}\. Shuffling (.+?)\."
        rf"(?: For {N} of {N} columns?, (?:not every|the) shuffle makes it worse\.)?"
        rf"( Lines go from the least to the greatest of the shuffles\.)?"
        rf"(?: {N} of {N} columns are drawn\.)? Where columns say the same, each seems to matter "
        r"little: the others still say it\.",
        text,
    )
    check_rows(found, rows, len(found.rows))
    assert label == ("accuracy" if found.metric == "accuracy" else "log loss")
    assert score == told(found.metric, found.score)
    repeats = len(found.importance["c0"])
    helpful = [name for name in known[:3] if means[name] > 0]
    check_worst(worst, helpful, means, repeats)
    harmless = sum(not min(own) > 0 for own in found.importance.values())
    assert value(doubtful or "0") == (harmless if helpful else 0)
    assert not doubtful or int(of) == len(means)
    assert bool(lines) == (repeats > 1)
    shown = min(20, len(known))
    assert (drawn, every) == ((str(shown), str(len(means))) if shown < len(means) else (None, None))


def check_worst(text, helpful, means, repeats):
    """How much worse the most important columns make it."""
    ending = f" on average of {repeats} shuffles" * (repeats > 1)
    if not helpful:
        assert text == f"a column's values among these rows does not make it worse{ending}"
        return
    first, fall, others = claims(
        rf"the values of (\w+) among these rows makes it {N} worse{ending}"
        r"((?:, those of \w+ \S+)*)",
        text,
    )
    pairs = [(first, fall), *(part.split()[2:] for part in others.split(", ")[1:])]
    assert [name for name, _ in pairs] == helpful
    for name, said in pairs:
        assert same(said, means[name])


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_bar_for_each_of_the_first_columns(width):
    long = "a column of a very long name, which nobody has room for"
    falls = {f"c{k}": [0.3 - 0.02 * k, 0.2 - 0.02 * k] for k in range(24)} | {long: [9.0, 7.0]}
    figure = column_importance.draw(run_of(inspection(importance=falls)), width)
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] in (f"{long[:31]}…", f"{long[:15]}…")
    assert names[1:] == [f"c{k}" for k in range(19)]
    assert [bar.get_width() for bar in axes.patches[:2]] == pytest.approx([8.0, 0.25])
    (lines,) = axes.collections
    assert lines.get_segments()[1][:, 0] == pytest.approx([0.2, 0.3])
    assert axes.get_xlabel() == "log loss rises by"
    accuracy = column_importance.draw(run_of(inspection(metric="accuracy")), width)
    assert accuracy.axes[0].get_xlabel() == "accuracy falls by"
