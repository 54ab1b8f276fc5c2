"""What ``bpfast explain`` prints."""

import io
import json
import re
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("rich")

from rich.console import Console

import bpfast as bp
from bpfast.explain import explain
from bpfast.explain_network import TUTORIAL
from bpfast.explain_terminal import number, render, run

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
    "5. The update",
    "6. Forward pass again",
    "7. Repeat",
)


@pytest.fixture(autouse=True)
def reference(monkeypatch):
    """Kernels have tests of their own; here nothing is compiled."""
    monkeypatch.setenv("BPFAST_DEVICE", "reference")


def printed(explanation, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(explanation))
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
        console.print(render(explain(**TUTORIAL)))
    line = next(line for line in capture.get().splitlines() if "∂prediction/∂h1" in line)
    assert len(set(re.findall(r"\x1b\[3\dm", line))) == 4


def test_a_pipe_gets_no_colour(capsys):
    run()
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "0.2557457808" in text


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
        ((8,) * 5, {"loss": "huber"}, ["w256", "b32", "4. The error flows back", "8. Repeat"]),
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


def test_a_network_from_a_file(tmp_path, capsys):
    path = tmp_path / "network.json"
    path.write_text(
        json.dumps(
            {"layers": [1, 1], "weights": [[[2.0]]], "x": [3], "y": [5], "learning_rate": 0.1}
        )
    )
    run(path)
    assert "prediction = i1·w1 + b1 = 3·2 + 0 = 6" in capsys.readouterr().out


def test_a_bad_file_is_an_error_in_words(tmp_path, capsys):
    path = tmp_path / "network.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="missing"):
        run(path)
    assert capsys.readouterr().out == ""


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
