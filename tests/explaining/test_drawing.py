"""bpfast.explaining.drawing: networks in characters."""

import re

import pytest

pytest.importorskip("rich")

from explanations import drawn, printed, tutorial

from bpfast.explaining.drawing import draw


def test_the_network_is_drawn_with_its_weights():
    lines = [line.rstrip() for line in printed(draw(tutorial())).splitlines()]
    assert lines[:4] == [
        "i1 = 2 ─┬─── w1 = 0.11 ─┬▶ h1   h1 ───── w5 = 0.14 ─┬▶ prediction",
        "        │ ┌─ w2 = 0.21 ─┘       h2 ───── w6 = 0.15 ─┘",
        "        └─│─ w3 = 0.12 ─┬▶ h2",
        "i2 = 3 ───┴─ w4 = 0.08 ─┘",
    ]


def test_a_neuron_with_many_wires_stands_apart_and_has_its_bias():
    lines = printed(draw(drawn((3, 2, 1))), 200).splitlines()
    assert sum("▶ h" in line for line in lines) == 2
    assert sum("1─ b" in line for line in lines) == 3
    assert lines[4].replace("│", "").strip() == ""  # between h1's four wires and h2's


def test_what_is_not_lit_is_dimmed(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = printed(draw(tutorial(), {"w1", "w5"}), colour=True)
    dimmed = [re.search(rf"\x1b\[([\d;]*)m[^\x1b]*w{k} =", text)[1] == "2" for k in range(1, 7)]
    assert dimmed == [False, True, True, True, False, True]
