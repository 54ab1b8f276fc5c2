"""Predicted and true numbers: the sentence is true of the predictions, whatever they are."""

from statistics import fmean, median, quantiles

import numpy as np
import pytest
from claims import N, claims, same, value
from examples_budget import drawn as so_many
from hypothesis import given
from predicted_runs import predicted_runs, run_of

from bpfast.reporting import residuals
from bpfast.reporting.predictions import Predictions
from bpfast.reporting.style import MARKS, NARROW, WIDE


@so_many(60)
@given(predicted_runs("numbers"))
def test_how_far_predictions_are_off(run):
    has_figure, text = residuals.caption(run)
    assert has_figure
    predictions, count = run.predictions, len(run.predictions.names)
    part, told, first, of = claims(
        rf"On the (\w+) part: (.+?)\.(?: These are the first {N} of {N} outputs\.)?", text
    )
    assert part == predictions.part
    assert (first is None) == (count <= 4)
    assert first is None or (value(first), value(of)) == (4, count)
    outputs = claims("; ".join([rf"(.*?; the farthest off is row {N}[^;]*)"] * min(count, 4)), told)
    for k, sentence in enumerate(outputs[::2]):
        check_output(predictions, k, sentence)


def check_output(predictions, k, text):
    name, half, most, mean, way, row, predicted, truth = claims(
        rf"(.+?) (?:is|are) off by {N} or less in half of the rows, by {N} or less in nine of ten, "
        rf"and on average {N} too (high|low); the farthest off is row {N}, with {N} in place of "
        rf"{N}",
        text,
    )
    assert name == (predictions.names[k] or "predictions")
    pairs = zip(predictions.predicted[:, k].tolist(), predictions.truth[:, k].tolist(), strict=True)
    off = [p - t for p, t in pairs]
    sizes = [abs(own) for own in off]
    assert same(half, median(sizes))
    if len(sizes) > 1:
        assert same(most, quantiles(sizes, n=10, method="inclusive")[-1])
    assert same(mean, abs(fmean(off)))
    assert not fmean(off) or (way == "high") == (fmean(off) > 0)
    index = predictions.rows.tolist().index(value(row))
    assert sizes[index] == max(sizes)
    assert same(predicted, predictions.predicted[index, k])
    assert same(truth, predictions.truth[index, k])


def test_predictions_that_are_not_finite_are_a_sentence():
    truth = np.ones((2, 1))
    run = run_of("numbers", Predictions("test", truth, truth, truth * [[np.inf], [1]], [""]))
    assert residuals.caption(run) == (False, "Predictions for the test part are not finite.")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_dots_and_histogram_of_each_output(width):
    rows = MARKS[WIDE]
    truth = np.exp(np.random.default_rng(0).normal(0, 2, (rows, 2)))
    run = run_of("numbers", Predictions("test", np.arange(rows), truth, 1.1 * truth, ["a", "b"]))
    note = f" At most {rows // 2:,} of {rows:,} rows are drawn as dots."
    assert residuals.caption(run).sentence.endswith(note)
    panels = residuals.draw(run, width).axes
    assert len(panels) == 4
    for k, name in enumerate("ab"):
        dots, bars = panels[2 * k : 2 * k + 2]
        assert len(dots.collections[0].get_offsets()) == MARKS[width] // 2
        assert (dots.get_xlabel(), dots.get_ylabel()) == (f"true {name}", f"predicted {name}")
        assert dots.get_xscale() == dots.get_yscale() == "log"
        assert sum(patch.get_height() for patch in bars.patches) == rows
