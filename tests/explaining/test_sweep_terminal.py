"""bpfast.explaining.sweep_terminal: what 10,000 guesses are said to lead to."""

import dataclasses
import re

import pytest

pytest.importorskip("rich")

from explanations import printed, tutorial

from bpfast.explaining.sweep import sweep_learning_rate
from bpfast.explaining.sweep_terminal import render_sweep


@pytest.fixture(scope="module")
def sweep():
    return dataclasses.replace(sweep_learning_rate(tutorial(), 20, 300), seconds=0.002)


def told(sweep, **changes):
    """What is said of a sweep, on one line."""
    text = printed(render_sweep(tutorial(), dataclasses.replace(sweep, **changes)), 100)
    return re.sub(r"\s+", " ", text)


def test_the_chart_has_marks_and_colours(sweep, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = printed(render_sweep(tutorial(), sweep), colour=True)
    for style, words in (("33", "it crawls"), ("32", "best: "), ("31", "diverges from ")):
        assert re.search(rf"\x1b\[{style}m[^\x1b]*{words}", text), words
    assert "explained: 0.05" in text


def test_what_the_sweep_shows_is_said(sweep):
    text = told(sweep)
    assert "300 networks, each with its own learning rate, made 20 steps in 2 ms: 3 million" in text
    assert f"Below {sweep.crawls_below:.3g} it crawls: 20 steps reach less than half" in text
    assert f"takes the error from 0.3272 to {sweep.best_error:.2g}." in text
    assert f"From {sweep.diverges_from:.3g} on, rates end with a greater error: above" in text
    assert f"Measured, rates diverge from {sweep.diverges_from:.3g}, between the two." in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"best_rate": None}, "No rate lowers the error, which is 0.3272405 at the start."),
        ({"diverges_from": None}, r"No rate up to [\d.]+ ends with a greater error."),
        ({"diverges_above": None}, r"rates that do and rates that do not lie mixed up to [\d.]+"),
        ({"diverges_above": 0.0}, r"From [\d.]+ on, every rate ends with a greater error."),
        ({"curvature": 0.0, "border": None}, "no direction curves upwards"),
        ({"best_curvature": 2.998}, "this error is a parabola along the way"),
        ({"border": 0.01, "best_border": 0.02}, r"[\d.]+ and [\d.]+ times what theory says"),
    ],
)
def test_other_findings_have_other_words(sweep, changes, words):
    assert re.search(words, told(sweep, **changes))


def test_where_theory_is_right_it_is_said(sweep):
    assert "theory is right" in told(sweep, border=sweep.diverges_from)
