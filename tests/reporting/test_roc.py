"""ROC curves: the sentence is true of the predictions, areas are chances of being in order."""

import numpy as np
import pytest
from claims import claims, percent
from examples_budget import drawn as so_many
from hypothesis import given
from predicted_runs import predicted_runs, run_of

from bpfast.reporting import roc
from bpfast.reporting.predictions import Predictions
from bpfast.reporting.style import LIGHT, NARROW, WIDE


def area_of(is_true, probability):
    """The chance that of two rows the one that is true has the higher probability."""
    pairs = [(p, q) for p in probability[is_true] for q in probability[~is_true]]
    return np.mean([(p > q) + 0.5 * (p == q) for p, q in pairs])


def areas_of(run):
    """For each class or label that some rows have, and some have not."""
    truth, predicted, names = (getattr(run.predictions, n) for n in ("truth", "predicted", "names"))
    areas = {}
    for k, name in enumerate(names):
        is_true = truth[:, k] == 1 if run.kind == "labels" else truth == k
        if 0 < is_true.sum() < len(truth):
            areas[name] = area_of(is_true, predicted[:, k])
    if run.kind == "classes" and len(names) == 2:
        areas.pop(names[0], None)
    return areas


@so_many(60)
@given(predicted_runs("classes", "labels"))
def test_areas(run):
    has_figure, text = roc.caption(run)
    areas, part = areas_of(run), run.predictions.part
    assert has_figure == bool(areas)
    if not areas:
        assert text == f"All rows of the {part} part are alike, so there is no curve."
    elif run.kind == "classes" and len(areas) == 1:
        check_one(run, text, areas)
    else:
        said, least, low, most, high, mean = claims(
            r"On the (\w+) part, the area under the curve goes from ([\d.]+) \((\w+)\) to ([\d.]+) "
            r"\((\w+)\), each against all others; the mean is ([\d.]+)\.",
            text,
        )
        assert said == part
        assert areas[low] == pytest.approx(min(areas.values()))
        assert areas[high] == pytest.approx(max(areas.values()))
        for told, area in ((least, areas[low]), (most, areas[high])):
            assert float(told) == pytest.approx(area, abs=5.01e-4)
        assert float(mean) == pytest.approx(np.mean([*areas.values()]), abs=5.01e-4)


def check_one(run, text, areas):
    part, name, area, found, wrong = claims(
        r"On the (\w+) part, the area under the curve of class (\w+) is ([\d.]+)\. With a "
        r"threshold of one half, (.+) of its rows are found, and (.+) of the others are taken for "
        r"it\.",
        text,
    )
    assert (part, {name}) == (run.predictions.part, {*areas})
    assert float(area) == pytest.approx(areas[name], abs=5.01e-4)
    k = run.predictions.names.index(name)
    taken, is_true = run.predictions.predicted[:, k] > 0.5, run.predictions.truth == k
    for told, share in ((found, taken[is_true].mean()), (wrong, taken[~is_true].mean())):
        assert told == percent(share)


def run_with(classes):
    rng = np.random.default_rng(0)
    truth = np.arange(6 * classes) % classes
    predicted = rng.random((len(truth), classes)) + np.eye(classes)[truth]
    names = [f"class {k}" for k in range(classes)]
    return run_of("classes", Predictions("test", truth, truth, predicted, names))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_few_curves_are_named_and_of_many_the_worst(width):
    lines = roc.draw(run_with(3), width).axes[0].lines
    names = {line.get_label().split(",")[0] for line in lines}
    assert names == {"guessing", "class 0", "class 1", "class 2"}
    run = run_with(9)
    worst = min(roc.curves_of(run), key=lambda curve: curve.area)
    lines = roc.draw(run, width).axes[0].lines
    assert len(lines) == 10
    (red,) = [line for line in lines if line.get_color() == LIGHT["best"]]
    assert red.get_label() == f"{worst.name}, area {worst.area:.3f}"
    assert "8 others" in [line.get_label() for line in lines]
