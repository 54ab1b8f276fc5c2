"""The confusion matrix: the sentence is true of the predictions, and cells hold their counts."""

from collections import Counter

import numpy as np
from claims import N, claims, percent, value
from examples_budget import drawn as so_many
from hypothesis import given
from predicted_runs import predicted_runs, run_of

from bpfast.reporting import confusion
from bpfast.reporting.predictions import Predictions
from bpfast.reporting.style import NARROW, WIDE


@so_many(60)
@given(predicted_runs("classes"))
def test_what_is_confused(run):
    has_figure, text = confusion.caption(run)
    assert has_figure
    names, truth = run.predictions.names, run.predictions.truth.tolist()
    taken = [row.index(max(row)) for row in run.predictions.predicted.tolist()]
    rows, part, right, share, least, found, of, wrong, true, times = claims(
        rf"Of {N} rows? of the (\w+) part, {N} (?:is|are) predicted right \((.+?)\)"
        rf"(?:\. The class found least often is (\w+): {N} of its {N} rows?\. The commonest "
        rf"mistake is (\w+) in place of (\w+), in {N} rows?)?\.",
        text,
    )
    pairs = Counter(zip(truth, taken, strict=True))
    correct = sum(pairs[k, k] for k in range(len(names)))
    assert (value(rows), part, value(right)) == (len(truth), run.predictions.part, correct)
    assert share == percent(correct / len(truth))
    assert (least is None) == (correct == len(truth))
    if least is None:
        return
    recalls = {k: pairs[k, k] / truth.count(k) for k in set(truth)}
    k = names.index(least)
    assert recalls[k] == min(recalls.values())
    assert (value(found), value(of)) == (pairs[k, k], truth.count(k))
    mistakes = {pair: count for pair, count in pairs.items() if pair[0] != pair[1]}
    assert mistakes[names.index(true), names.index(wrong)] == value(times)
    assert value(times) == max(mistakes.values())


def test_cells_hold_counts_of_true_and_predicted_classes():
    truth, taken = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 2, 1, 1])
    run = run_of("classes", Predictions("test", truth, truth, np.eye(3)[taken], ["a", "b", "c"]))
    for width in (WIDE, NARROW):
        axes = confusion.draw(run, width).axes[0]
        cells = {text.get_position(): text.get_text() for text in axes.texts}
        assert cells == {(0, 0): "2", (2, 0): "1", (1, 1): "1", (1, 2): "1"}  # predicted, true
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
        assert axes.yaxis_inverted()
        shades = {patch.get_xy(): patch.get_alpha() for patch in axes.patches}
        assert shades[0.5, 0.5] == confusion.DARKEST > shades[-0.5, -0.5] > confusion.LIGHTEST


def test_many_classes_are_not_counted_in_cells():
    truth = np.arange(60)
    names = [f"a long name of class {k}" for k in truth]
    run = run_of("classes", Predictions("test", truth, truth, np.eye(60), names))
    axes = confusion.draw(run, WIDE).axes[0]
    assert (len(axes.patches), len(axes.texts)) == (60, 0)
    assert len(axes.get_xticks()) <= confusion.NAMED[WIDE]
    assert all(len(label.get_text()) <= confusion.LONGEST for label in axes.get_xticklabels())
