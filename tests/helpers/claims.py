"""Texts of a report or a terminal taken apart into all that they claim.

A text that claims more than its pattern does not match.
"""

import re
from collections import Counter
from decimal import Decimal
from statistics import median

import numpy as np
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from results import results

N = r"(-?[\d.,]+(?:e[+-]\d+)?)"  # a number
NO_SCORE = (
    rf"No network has a score: {N} of {N} diverged(, and what the others predict has no finite "
    rf"score)?; lower the learning rate(?: \({N}(?: to {N})? was tried\))?,( or)? (set|lower) "
    r"clip_norm(, or choose another metric)?\."
)
BEYOND = rf"(?:; (?:scores below|losses above) {N}, {N} of them, are drawn there)?"
DRAWN = (
    rf"(?: At most {N} of the {N} networks with a score are drawn, evenly spread over the ranks\.)?"
)


def each_table(test):
    return so_many(40)(given(results())(test))


def claims(pattern, text):
    """The groups of a pattern that matches all of a text."""
    found = re.fullmatch(pattern, text)
    assert found, f"{text!r} is none of {pattern!r}"
    return found.groups()


def value(text):
    return float(text.replace(",", ""))


def same(text, number, digits=3):
    """Whether a number is told to so many digits."""
    return value(text) == pytest.approx(number, rel=0.501 * 10 ** (1 - digits), abs=1e-12)


def check_no_score(drawn, text):
    diverged, count, others, low, high, last, what, other = claims(NO_SCORE, text)
    assert value(diverged) == len(drawn.with_fate("diverged"))
    assert value(count) == len(drawn.rows)
    assert bool(others) == bool(other) == (not last) == (diverged != count)
    assert what == ("lower" if "clip_norm" in drawn.rows[0] else "set")
    rates = [row["learning_rate"] for row in drawn.rows if "learning_rate" in row]
    if rates:
        assert same(low, min(rates))
        assert same(high or low, max(rates))
    else:
        assert low is None


def check_by_epoch(text, rows):
    """Counts, such as "20 after epoch 1 and 5 after epoch 3", or "after epochs 1 to 60"."""
    ends = {row["epochs"] for row in rows}
    if len(ends) > 8:
        assert [*map(value, claims(rf"after epochs {N} to {N}", text))] == [min(ends), max(ends)]
        return
    pairs = [claims(rf"{N} after epoch {N}", part) for part in re.split(", | and ", text)]
    assert {value(epoch): value(count) for count, epoch in pairs} == Counter(
        row["epochs"] for row in rows
    )


def check_whom(drawn, text):
    """The rows of the best networks that are spoken of."""
    (count,) = claims(r"The best (?:network|(\d+) networks)", text)
    number = int(count or 1)
    assert number == min(3, len(drawn.scored))  # a tenth of so few is less
    return drawn.scored[:number]


def check_span(text, values):
    """Ends, as in "from 1 to 3"; "of 1" where all are that, "around 1" where all nearly are."""
    kind, *ends = re.split(" to | ", text)
    assert same(ends[0], min(values))
    assert same(ends[-1], max(values))
    assert (kind == "from") == (f"{min(values):.3g}" != f"{max(values):.3g}")
    assert (kind == "of") == (min(values) == max(values))


def check_beyond(drawn, rows, worst, count):
    """How many values are drawn at the worst one that is drawn where it is."""
    scores = [row["validation_score"] for row in rows]
    if drawn.is_loss:
        limit = 10 * median(-row["validation_score"] for row in drawn.scored)
        beyond = sum(-score > limit > 0 for score in scores)
    else:
        limit, beyond = -1.0, sum(score < -1.0 for score in scores)
    assert value(count or "0") == beyond
    assert not beyond or same(worst, limit)


def percent(share):
    """How a share is told, which is neither none nor all unless it is."""
    if 0.995 <= share < 1:
        return "> 99%"
    return "< 1%" if 0 < share < 0.005 else f"{share:.0%}"


def told(metric, score):
    """A pattern of how a score is told, without a minus before a loss."""
    if not metric.startswith("neg_"):
        return f"{score:.4f}"
    return rounded(-score, 4)


def rounded(number, digits):
    """A number to at least so many significant digits, in plain decimals where that is short."""
    if number == 0 or not np.isfinite(number):
        return f"{abs(number):.4f}"
    if not Decimal("1e-5") < abs(Decimal(number)) < Decimal("1e12"):
        return f"{number:.3e}"
    places = max(0, digits - 1 - Decimal(number).adjusted())
    return f"{Decimal(number):,.{places}f}"


def check_cell(text, row, name, metric):
    number = row[name]
    is_score = name.endswith(("score", "accuracy", "r2"))
    if row["fate"] == "diverged" and is_score:
        assert text == "diverged"
    elif isinstance(number, str):
        assert text == number
    elif np.isnan(number):
        assert text == "\N{EN DASH}"
    elif is_score:
        assert text == told(metric if name.endswith("score") else "accuracy", number)
    else:
        assert same(text.replace("inf", "1e999"), number)
