"""Calibration: the sentence is true of the predictions, and the curve is scikit-learn's."""

import numpy as np
import pytest
from claims import claims, percent
from examples_budget import drawn as so_many
from hypothesis import given
from predicted_runs import predicted_runs, run_of

from bpfast.reporting import calibration
from bpfast.reporting.calibration import Calibration
from bpfast.reporting.predictions import Predictions
from bpfast.reporting.style import WIDE


def looked_at(run):
    """Whose probabilities they are, these, and whether it came true, row by row."""
    predictions = run.predictions
    rows = zip(predictions.predicted.tolist(), predictions.truth.tolist(), strict=True)
    if run.kind == "labels":
        pairs = [pair for row, truth in rows for pair in zip(row, truth, strict=True)]
        return "a label", *zip(*[(p, t == 1) for p, t in pairs], strict=True)
    if len(predictions.names) == 2:
        name = f"class {predictions.names[1]}"
        return name, *zip(*[(row[1], truth == 1) for row, truth in rows], strict=True)
    most = [(max(row), row.index(max(row)) == truth) for row, truth in rows]
    return "the predicted class", *zip(*most, strict=True)


@so_many(60)
@given(predicted_runs("classes", "labels"))
def test_probabilities_and_what_is_true(run):
    has_figure, text = calibration.caption(run)
    assert has_figure
    part, what, mean, happened, cases, error = claims(
        r"On the (\w+) part, (.+) has a probability of (.+) on average, and is true in (.+) of the "
        r"(rows|cases)\. Within each tenth of the probabilities, the two differ by ([\d.]+) "
        r"percentage points on average \(the expected calibration error\)\.",
        text,
    )
    expected, probabilities, truths = looked_at(run)
    assert (part, what) == (run.predictions.part, expected)
    assert cases == ("cases" if run.kind == "labels" else "rows")
    for said, values in ((mean, probabilities), (happened, truths)):
        assert said == percent(np.mean(values))
    bins = {}
    for probability, truth in zip(probabilities, truths, strict=True):
        tenth = max(0, int(np.ceil(10 * probability - 1e-9)) - 1)
        bins.setdefault(tenth, []).append((probability, truth))
    off = sum(abs(sum(p - t for p, t in own)) for own in bins.values()) / len(probabilities)
    assert float(error) == pytest.approx(100 * off, abs=0.0501)


def test_the_curve_has_a_dot_for_each_tenth_that_holds_rows():
    probabilities = np.array([0.05, 0.07, 0.55, 0.95])
    predicted = np.stack([1 - probabilities, probabilities], axis=1)
    truth = np.array([0, 1, 1, 1])
    run = run_of("classes", Predictions("test", truth, truth, predicted, ["no", "yes"]))
    means, shares = Calibration.of(run).curve
    np.testing.assert_allclose(means, [0.06, 0.55, 0.95])
    np.testing.assert_allclose(shares, [0.5, 1.0, 1.0])
    assert Calibration.of(run).counts.tolist() == [2, 1, 1]
    upper, lower = calibration.draw(run, WIDE).axes
    np.testing.assert_allclose(upper.collections[0].get_offsets(), np.stack([means, shares], 1))
    assert [patch.get_height() for patch in lower.patches] == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert lower.get_xlabel() == "predicted probability of class yes"
