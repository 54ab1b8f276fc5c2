"""bpfast.explaining.equations: each in symbols and then in numbers."""

import re

import pytest

pytest.importorskip("rich")

from explanations import drawn, printed, tutorial

from bpfast.explaining.equations import chain, chain_paths, error, flow_back, forward


def test_the_chain_rule_is_in_symbols_and_then_in_numbers():
    e = tutorial()
    lines = [line.strip() for line in printed(chain(e, e["w1"])).splitlines()]
    assert lines == [
        "∂E/∂w1 = ∂E/∂prediction · ∂prediction/∂h1 · ∂h1/∂z1 · ∂z1/∂w1",
        "= (prediction - target) · w5 · 1 · i1",
        "= (-0.809) · 0.14 · 1 · 2",
        "= -0.22652",
    ]


def test_factors_are_told_apart_by_colour(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    e = tutorial()
    line = printed(chain(e, e["w1"]), colour=True).splitlines()[0]
    assert len(set(re.findall(r"\x1b\[3\dm", line))) == 4


def test_the_forward_pass_of_named_neurons_only():
    e = tutorial()
    assert (
        printed(forward(e)).splitlines()[0].strip()
        == "z1         = i1·w1 + i2·w2 = 2·0.11 + 3·0.21 = 0.85"
    )
    assert "z1" not in printed(forward(e, ["h2"]))


def test_the_error_of_several_outputs_is_their_mean_or_sum():
    assert "E  = (E1 + E2) / 2 = " in printed(error(drawn((2, 3, 2), loss="mse")))
    assert "E  = E1 + E2 = " in printed(error(drawn((2, 3, 2), loss="quantile")))


def test_deltas_flow_back_from_the_outputs():
    e = drawn((2, 2, 2), activation="tanh")
    lines = [line.split(" = ")[0].strip() for line in printed(flow_back(e), 200).splitlines()]
    assert lines[:4] == [
        f"∂E/∂{e.layers[-1][0].name}",
        f"∂E/∂{e.layers[-1][1].name}",
        "∂E/∂h1",
        "∂E/∂z1",
    ]


def test_many_paths_are_told_from_where_they_meet():
    few, many = drawn((2, 2, 2)), drawn((2, 2, 3, 2))
    assert len(chain_paths(few, few["w1"])) == 2
    assert chain_paths(many, many["w1"]) == [many["w1"].factors]  # 6 paths
