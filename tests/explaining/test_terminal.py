"""The story that ``bpfast explain`` tells of a step, and that of one weight."""

import io
import re
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("rich")

from rich.console import Console

import bpfast as bp
from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL
from bpfast.explaining.steps import later, until_close
from bpfast.explaining.terminal import render
from bpfast.explaining.weight import render_weight
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


@pytest.fixture(autouse=True)
def reference(monkeypatch):
    """Kernels have tests of their own; here nothing is compiled."""
    monkeypatch.setenv("BPFAST_DEVICE", "reference")


def story(explanation):
    return render(explanation, until_close(explanation))


def printed(explanation, width=80, story=story):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(story(explanation))
    return console.export_text()


def drawn(layers, **options):
    mlp, rng = bp.MLP(layers, **options), np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in pairwise(layers)]
    return explain(mlp, weights, rng.normal(size=layers[0]), rng.uniform(size=layers[-1]), 0.1)


@pytest.mark.parametrize("width", [80, 120])
def test_the_tutorial_has_all_its_numbers_and_steps_in_order(width):
    text = printed(explain(**TUTORIAL), width)
    for expected in re.split(r"\s{2,}", DESIGN.strip()):
        assert re.search(rf"(?<![\d.]){re.escape(expected)}(?!\d)", text), expected
    places = [text.index(section) for section in SECTIONS]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= width
    assert "After 20 steps the error is close to zero." in text


def test_the_chain_rule_is_in_symbols_and_then_in_numbers():
    lines = [line.strip() for line in printed(explain(**TUTORIAL)).splitlines()]
    first = lines.index("∂E/∂w1 = ∂E/∂prediction · ∂prediction/∂h1 · ∂h1/∂z1 · ∂z1/∂w1")
    assert lines[first + 1 : first + 4] == [
        "= (prediction - target) · w5 · 1 · i1",
        "= (-0.809) · 0.14 · 1 · 2",
        "= -0.22652",
    ]


def test_the_network_is_drawn_with_its_weights():
    lines = [line.rstrip() for line in printed(explain(**TUTORIAL)).splitlines()]
    first = next(k for k, line in enumerate(lines) if line.startswith("i1 = 2"))
    assert lines[first : first + 4] == [
        "i1 = 2 ─┬─── w1 = 0.11 ─┬▶ h1   h1 ───── w5 = 0.14 ─┬▶ prediction",
        "        │ ┌─ w2 = 0.21 ─┘       h2 ───── w6 = 0.15 ─┘",
        "        └─│─ w3 = 0.12 ─┬▶ h2",
        "i2 = 3 ───┴─ w4 = 0.08 ─┘",
    ]


def test_factors_are_told_apart_by_colour(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(story(explain(**TUTORIAL)))
    line = next(line for line in capture.get().splitlines() if "∂prediction/∂h1" in line)
    assert len(set(re.findall(r"\x1b\[3\dm", line))) == 4


def test_the_same_is_told_as_matrices():
    lines = [line.strip() for line in printed(explain(**TUTORIAL)).splitlines()]
    first = lines.index("z = x · W1 = [2 3] · ⎡0.11 0.12⎤ = [0.85 0.48]")
    assert lines[first + 1] == "⎣0.21 0.08⎦"
    first = lines.index("∂E/∂W1 = xᵀ · δ1 = ⎡2⎤ · [-0.11326 -0.12135] = ⎡-0.22652  -0.2427⎤")
    assert lines[first + 1].split() == ["⎣3⎦", "⎣-0.33978", "-0.36405⎦"]
    assert "⎣0.226989 0.0982025⎦" in lines


def test_matrices_say_how_deltas_pass_an_activation():
    text = printed(drawn((2, 3, 2, 1), activation=("tanh", "relu")), 120)
    assert "z1 = x · W1 + B1 = [" in text
    assert "h1 = tanh(z1) = [" in text
    assert "δ2 = ∂E/∂z2 = (δ3 · W3ᵀ) ∘ relu'(z2) = ([" in text
    assert "∂E/∂W2 = h1ᵀ · δ2 = " in text
    assert "new B3 = B3 - 0.1 · ∂E/∂B3 = [" in text


def test_repeating_is_a_table_with_a_curve_beside_it():
    text = printed(explain(**TUTORIAL))
    rows = text[text.index("8. Repeat") :].splitlines()
    start = next(line for line in rows if line.split()[:3] == ["0", "0.19100", "0.3272"])
    end = next(line for line in rows if line.split()[:3] == ["12", "0.96773", "0.0005206"])
    assert "┤" in start or "│" in start
    assert "0 ┤" in end
    assert re.search(r"0 {8,}10 {8,}20", text)


def test_a_later_step_says_which_it_is_and_counts_on():
    text = printed(later(explain(**TUTORIAL), 4))
    assert "learning rate 0.05; step 5" in re.sub(r"\s+", " ", text)
    assert re.search(r"^ +4 +0.51327 +0.1185", text, re.MULTILINE)
    assert "After 20 steps the error is close to zero." in text


# --- one weight -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 120])
def test_one_weight_has_its_chain_its_slope_and_its_update(width):
    text = printed(explain(**TUTORIAL), width, lambda e: render_weight(e, "w1"))
    assert "Backpropagation of w1 (i1 → h1)" in text
    for words in (
        "∂E/∂w1 = ∂E/∂prediction · ∂prediction/∂h1 · ∂h1/∂z1 · ∂z1/∂w1",
        "= (-0.809) · 0.14 · 1 · 2",
        "∂E/∂w1 = by the chain rule = -0.22652",
        "▲ new w1 = 0.121326",
        "new w1 = w1 - learning rate · ∂E/∂w1 = 0.11 - 0.05·(-0.22652) = 0.121326",
    ):
        assert words in text, words
    assert "∂E/∂w2" not in text
    assert "z2 " not in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", ["w2", "w8", "w16", "b1", "b5", "b7"])
def test_the_slope_of_one_weight_alone_is_its_gradient(name):
    e = drawn((2, 3, 2, 2), activation="tanh", loss="mse")
    text = printed(e, 200, lambda e: render_weight(e, name))
    measured = float(re.search(r"slope .* = (\S+)", text)[1])
    assert measured == pytest.approx(e[name].gradient, rel=1e-4, abs=1e-6)


def test_only_the_way_of_the_weight_is_lit(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        console.print(render_weight(explain(**TUTORIAL), "w3"))
    drawing = capture.get().split("target = 1")[0]
    styles = {
        name: re.search(rf"\x1b\[([\d;]*)m[^\x1b]*{name} =", drawing)[1]
        for name in ("w1", "w3", "w5", "w6")
    }
    assert {name: style == "2" for name, style in styles.items()} == {
        "w1": True,
        "w3": False,
        "w5": True,
        "w6": False,
    }


@pytest.mark.parametrize(("bias", "known"), [(True, "w1 to w6 or b1 to b3"), (False, "w1 to w6")])
@pytest.mark.parametrize("name", ["w7", "h1", ""])
def test_a_weight_that_is_not_there_is_refused_in_words(bias, known, name):
    with pytest.raises(ValueError, match=rf"--weight must be {known}, got '{name}'"):
        render_weight(drawn((2, 2, 1), bias=bias), name)


# --- any network ----------------------------------------------------------------------------------


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
    text = printed(explanation, width)
    for word in words:
        assert word in text, word
    for part in (*explanation.weights, *explanation.biases):
        assert re.search(rf"{part.name} = {re.escape(number(part.value))}(?!\d)", text), part.name
        assert re.search(rf"= {re.escape(number(part.gradient))}(?!\d)", text), part.name
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


@pytest.mark.parametrize(
    ("rate", "words"),
    [(1.0, "The error grows: the learning rate is too large."), (1e-6, "not yet close to zero")],
)
def test_what_repeating_led_to_is_said(rate, words):
    assert words in printed(explain(**TUTORIAL | {"learning_rate": rate}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.22652000000000003, "-0.22652"),
        (-0.0, "0"),
        (1e-9, "1e-09"),
        (12345678.9, "1.234568e+07"),
    ],
)
def test_numbers_are_rounded_for_reading(value, text):
    assert number(value) == text
