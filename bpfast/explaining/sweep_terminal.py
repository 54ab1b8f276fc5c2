"""The sweep over learning rates in the terminal: the error against the rate, and its marks."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from rich.console import Group
from rich.text import Text

from .chart import LABEL, Mark, Scale, chart
from .explanation import Explanation
from .sweep import LearningRateSweep
from .terminal import opening
from .words import Section, count, number, tell

CURVE = (68, 16)  # characters across and down
FLOOR, ROOF = 1e-12, 1e3  # of the start's error: what the chart shows
CRAWLS, GOOD, DIVERGES = "yellow", "green", "red"


def render_sweep(explanation: Explanation, sweep: LearningRateSweep) -> Group:
    """What many learning rates lead to."""
    n = len(sweep.learning_rates)
    sections: list[Section] = [
        (
            f"The error after {count(sweep.steps, 'step')}, against the learning rate",
            _chart(explanation, sweep),
        ),
        ("What it shows", _paragraphs(_findings(explanation, sweep))),
        ("What theory says", _paragraphs(_theory(sweep))),
    ]
    title = f"The learning rate has to be guessed: {n:,} guesses at once"
    return tell(title, opening(explanation), sections)


def _chart(explanation: Explanation, sweep: LearningRateSweep) -> Text:
    rates, errors = np.array(sweep.learning_rates), np.array(sweep.errors)
    start = sweep.start_error or 1.0
    high = max(min(errors.max(), ROOF * start), 2 * start)
    low = max(min(sweep.best_error, start / 2), FLOOR * start)
    scales = Scale(float(rates[0]), float(rates[-1]), log=True), Scale(low, float(high), log=True)

    def style(rate: float) -> str:
        if sweep.diverges_from is not None and rate >= sweep.diverges_from:
            return DIVERGES
        return CRAWLS if sweep.crawls_below is not None and rate < sweep.crawls_below else GOOD

    curve = chart(rates, errors, scales, CURVE, style, list(_marks(explanation, sweep)))
    return Text.assemble(f"{'error':>{LABEL}}\n", curve)


def _marks(explanation: Explanation, sweep: LearningRateSweep) -> Iterator[Mark]:
    """Where it crawls, is best and diverges, theory's borders, and the explained rate."""
    if sweep.crawls_below is not None:
        yield Mark(sweep.crawls_below, f"below {_rate(sweep.crawls_below)} it crawls", CRAWLS)
    if sweep.best_rate is not None:
        yield Mark(sweep.best_rate, f"best: {_rate(sweep.best_rate)}", GOOD)
    if sweep.diverges_from is not None:
        words = f"diverges from {_rate(sweep.diverges_from)}"
        yield Mark(sweep.diverges_from, words, DIVERGES)
    for border, where in (
        (sweep.border, "at the start"),
        (sweep.best_border, "where the best ends"),
    ):
        if border is not None and sweep.learning_rates[0] <= border <= sweep.learning_rates[-1]:
            yield Mark(border, f"2/λmax {where}: {_rate(border)}")
    if explanation.learning_rate > 0:
        yield Mark(explanation.learning_rate, f"explained: {_rate(explanation.learning_rate)}")


def _findings(explanation: Explanation, sweep: LearningRateSweep) -> Iterator[str]:
    n, steps = len(sweep.learning_rates), count(sweep.steps, "step")
    updates = n * sweep.steps / sweep.seconds
    yield (
        f"{n:,} networks, each with its own learning rate, made {steps} in "
        f"{1e3 * sweep.seconds:.3g} ms: {updates / 1e6:.3g} million updates a second "
        f"({sweep.device})."
    )
    if sweep.best_rate is None:
        yield f"No rate lowers the error, which is {number(sweep.start_error)} at the start."
    else:
        if sweep.crawls_below is not None:
            yield (
                f"Below {_rate(sweep.crawls_below)} it crawls: {steps} reach less than half of "
                "what the best rate reaches."
            )
        yield (
            f"The best rate, {_rate(sweep.best_rate)}, takes the error from "
            f"{sweep.start_error:.4g} to {sweep.best_error:.2g}."
        )
    if sweep.diverges_from is None:
        yield f"No rate up to {_rate(sweep.learning_rates[-1])} ends with a greater error."
    elif sweep.diverges_above is None or sweep.diverges_above > sweep.diverges_from:
        above = (
            f"rates that do and rates that do not lie mixed up to {_rate(sweep.learning_rates[-1])}"
            if sweep.diverges_above is None
            else f"above {_rate(sweep.diverges_above)} all do; between, order and chaos lie mixed"
        )
        yield f"From {_rate(sweep.diverges_from)} on, rates end with a greater error: {above}."
    else:
        yield f"From {_rate(sweep.diverges_from)} on, every rate ends with a greater error."


def _theory(sweep: LearningRateSweep) -> Iterator[str]:
    yield (
        "On a parabola, gradient descent diverges above 2/λmax: λmax, the largest eigenvalue of "
        "the Hessian, is how strongly the error curves where it curves most."
    )
    yield f"At the start {_curvature(sweep.curvature, sweep.border)}."
    if sweep.best_rate is None:
        return
    same = math.isclose(sweep.curvature, sweep.best_curvature, rel_tol=1e-3)
    if same:
        yield "Where the best rate ends it is the same: this error is a parabola along the way."
    else:
        ends = _curvature(sweep.best_curvature, sweep.best_border)
        yield (
            f"Where the best rate ends {ends}: a network's error is no parabola, its curvature "
            "changes with the weights."
        )
    if sweep.diverges_from is None:
        return
    measured = f"Measured, rates diverge from {_rate(sweep.diverges_from)}"
    borders = [border for border in (sweep.border, sweep.best_border) if border is not None]
    if sweep.border is not None and math.isclose(sweep.diverges_from, sweep.border, rel_tol=0.02):
        yield f"{measured}: theory is right."
    elif len(borders) == 2 and min(borders) <= sweep.diverges_from <= max(borders):
        yield f"{measured}, between the two."
    elif borders:
        factors = " and ".join(f"{sweep.diverges_from / border:.3g}" for border in borders)
        yield f"{measured}, {factors} times what theory says."


def _curvature(curvature: float, border: float | None) -> str:
    if border is None:
        return "no direction curves upwards (λmax = 0), so that theory sees no border"
    return f"λmax = {curvature:.4g} puts the border at {_rate(border)}"


def _paragraphs(sentences: Iterator[str]) -> Text:
    return Text("\n").join(Text(sentence) for sentence in sentences)


def _rate(rate: float) -> str:
    return number(rate, 3)
