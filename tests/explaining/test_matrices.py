"""bpfast.explaining.matrices: a step as products of matrices."""

import pytest

pytest.importorskip("rich")

from explanations import drawn, printed, tutorial

from bpfast.explaining.matrices import matrices


def test_the_same_is_told_as_matrices():
    lines = [line.strip() for line in printed(matrices(tutorial())).splitlines()]
    first = lines.index("z = x · W1 = [2 3] · ⎡0.11 0.12⎤ = [0.85 0.48]")
    assert lines[first + 1] == "⎣0.21 0.08⎦"
    first = lines.index("∂E/∂W1 = xᵀ · δ1 = ⎡2⎤ · [-0.11326 -0.12135] = ⎡-0.22652  -0.2427⎤")
    assert lines[first + 1].split() == ["⎣3⎦", "⎣-0.33978", "-0.36405⎦"]
    assert "⎣0.226989 0.0982025⎦" in lines


def test_matrices_say_how_deltas_pass_an_activation():
    text = printed(matrices(drawn((2, 3, 2, 1), activation=("tanh", "relu"))), 120)
    assert "z1 = x · W1 + B1 = [" in text
    assert "h1 = tanh(z1) = [" in text
    assert "δ2 = ∂E/∂z2 = (δ3 · W3ᵀ) ∘ relu'(z2) = ([" in text
    assert "∂E/∂W2 = h1ᵀ · δ2 = " in text
    assert "new B3 = B3 - 0.1 · ∂E/∂B3 = [" in text


def test_a_line_that_is_too_long_goes_on_below():
    e = drawn((4, 4, 1), activation="tanh")
    narrow, wide = (printed(matrices(e), width) for width in (60, 400))
    assert max(map(len, narrow.splitlines())) <= 60
    assert len(narrow.splitlines()) > len(wide.splitlines())
