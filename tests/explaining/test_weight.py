"""bpfast.explaining.weight: the story of one weight or bias."""

import re

import pytest

pytest.importorskip("rich")

from explanations import drawn, printed, tutorial

from bpfast.explaining.weight import render_weight


@pytest.mark.parametrize("width", [80, 120])
def test_one_weight_has_its_chain_its_slope_and_its_update(width):
    text = printed(render_weight(tutorial(), "w1"), width)
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
    text = printed(render_weight(e, name), 200)
    measured = float(re.search(r"slope .* = (\S+)", text)[1])
    assert measured == pytest.approx(e[name].gradient, rel=1e-4, abs=1e-6)


def test_only_the_way_of_the_weight_is_lit(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    drawing = printed(render_weight(tutorial(), "w3"), colour=True).split("target = 1")[0]
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
