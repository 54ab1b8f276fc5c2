"""Texts of a report or a terminal taken apart into all that they claim.

A text that claims more than its pattern does not match.
"""

import re
from collections import Counter

import numpy as np
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from results import results

N = r"(-?[\d.,]+(?:e[+-]\d+)?)"  # a number
NO_SCORE = (
    rf"No network has a score: {N} of {N} diverged; lower the learning rate"
    rf"(?: \({N}(?: to {N})? was tried\))?, or (set|lower) clip_norm\."
)
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
    diverged, count, low, high, what = claims(NO_SCORE, text)
    assert value(diverged) == len(drawn.with_fate("diverged"))
    assert value(count) == len(drawn.rows)
    assert what == ("lower" if "clip_norm" in drawn.rows[0] else "set")
    rates = [row["learning_rate"] for row in drawn.rows if "learning_rate" in row]
    if rates:
        same(low, min(rates))
        same(high or low, max(rates))
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


def check_floored(drawn, rows, below):
    floor = {"accuracy": 0.0, "R²": -1.0}[drawn.metric]
    assert value(below or "0") == sum(row["validation_score"] < floor for row in rows)


def check_cell(text, row, name):
    number = row[name]
    if row["fate"] == "diverged" and name.endswith("score"):
        assert text == "diverged"
    elif isinstance(number, str):
        assert text == number
    elif np.isnan(number):
        assert text == "\N{EN DASH}"
    elif name.endswith("score"):
        assert value(text.replace("inf", "1e999")) == pytest.approx(number, abs=6e-5)
    else:
        assert same(text.replace("inf", "1e999"), number)
