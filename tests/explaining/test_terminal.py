"""bpfast.explaining.terminal: the story of a step, and of those that follow."""

import re

import pytest

pytest.importorskip("rich")

from explanations import drawn, parameters, printed, tutorial

from bpfast.explaining.steps import later, until_close
from bpfast.explaining.terminal import render
from bpfast.explaining.words import number

DESIGN = """
    w1 = 0.11  w2 = 0.21  w3 = 0.12  w4 = 0.08  w5 = 0.14  w6 = 0.15  0.85  0.48  0.191  0.3272405
    -0.22652  -0.33978  -0.2427  -0.36405  -0.68765  -0.38832
    0.121326  0.226989  0.132135  0.0982025  0.1743825  0.169416  0.2557457808  0.99907
"""
SECTIONS = (
    "1. Forward pass",
    "2. The error",
    "3. Gradient descent",
    "4. The chain rule",
    "5. The same as matrices",
    "6. The update",
    "7. Forward pass again",
    "8. Repeat",
)


def story(explanation, width=80):
    return printed(render(explanation, until_close(explanation)), width)


@pytest.mark.parametrize("width", [80, 120])
def test_the_tutorial_has_all_its_numbers_and_steps_in_order(width):
    text = story(tutorial(), width)
    for expected in re.split(r"\s{2,}", DESIGN.strip()):
        assert re.search(rf"(?<![\d.]){re.escape(expected)}(?!\d)", text), expected
    places = [text.index(section) for section in SECTIONS]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= width
    assert "After 20 steps the error is close to zero." in text


def test_repeating_is_a_table_with_a_curve_beside_it():
    text = story(tutorial())
    rows = text[text.index("8. Repeat") :].splitlines()
    start = next(line for line in rows if line.split()[:3] == ["0", "0.19100", "0.3272"])
    end = next(line for line in rows if line.split()[:3] == ["12", "0.96773", "0.0005206"])
    assert "┤" in start or "│" in start
    assert "0 ┤" in end
    assert re.search(r"0 {8,}10 {8,}20", text)


def test_a_later_step_says_which_it_is_and_counts_on():
    text = story(later(tutorial(), 4))
    assert "learning rate 0.05; step 5" in re.sub(r"\s+", " ", text)
    assert re.search(r"^ +4 +0.51327 +0.1185", text, re.MULTILINE)
    assert "After 20 steps the error is close to zero." in text


@pytest.mark.parametrize(
    ("layers", "options", "words"),
    [
        ((1, 1), {"loss": "quantile"}, ["E = max(", "target - prediction"]),
        (
            (2, 3, 1),
            {"loss": "binary_cross_entropy"},
            ["prediction = sigmoid(logit) =", "relu(z1)"],
        ),
        ((3, 4, 3), {"loss": "cross_entropy"}, ["exp(logit3) / Σ exp(logit)", "+ ∂E/∂logit2"]),
        (
            (2, 3, 2, 2),
            {"activation": ("gelu", "tanh")},
            ["z2.1", "E  = (E1 + E2) / 2 =", "tanh(z"],
        ),
        ((8,) * 5, {"loss": "huber"}, ["w256", "b32", "4. The error flows back", "9. Repeat"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("width", [80, 120])
def test_any_network_fits_the_terminal(layers, options, words, width):
    explanation = drawn(layers, **options)
    text = story(explanation, width)
    for word in words:
        assert word in text, word
    for part in parameters(explanation):
        assert re.search(rf"{part.name} = {re.escape(number(part.value))}(?!\d)", text), part.name
        assert re.search(rf"= {re.escape(number(part.gradient))}(?!\d)", text), part.name
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


@pytest.mark.parametrize(
    ("rate", "words"),
    [(1.0, "The error grows: the learning rate is too large."), (1e-6, "not yet close to zero")],
)
def test_what_repeating_led_to_is_said(rate, words):
    assert words in story(tutorial(learning_rate=rate))
