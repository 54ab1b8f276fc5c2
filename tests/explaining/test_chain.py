"""bpfast.explaining.chain: names, formulas, and factors that multiply out to gradients."""

import pytest
from explanations import check_chain_rules, drawn, tutorial

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES
from bpfast.training.network import loss_names


def test_the_chain_rule_of_w1_names_its_factors_in_order():
    factors = tutorial()["w1"].factors
    assert [(factor.name, factor.formula) for factor in factors] == [
        ("∂E/∂prediction", "prediction - target"),
        ("∂prediction/∂h1", "w5"),
        ("∂h1/∂z1", "1"),
        ("∂z1/∂w1", "i1"),
    ]
    assert [factor.value for factor in factors] == pytest.approx([-0.809, 0.14, 1, 2])


@pytest.mark.parametrize("loss", loss_names())
@pytest.mark.parametrize("activation", tuple(ACTIVATIONS))
def test_factors_multiply_out_to_the_gradient(activation, loss):
    e = drawn((2, 3, 2, 2), activation=activation, loss=loss, delta=0.4, quantile=0.8)
    check_chain_rules(e)
    assert sum(e.error_terms) / (2 if LOSSES[loss].average else 1) == pytest.approx(e.error)
    if LOSSES[loss].inverse_link == "identity":
        assert e.activations[-1] == pytest.approx(e.prediction, rel=1e-12)


def test_names_of_a_deep_network():
    e = drawn((2, 3, 2, 2), activation=("tanh", "relu"), loss="cross_entropy", y=1)
    assert [[unit.name for unit in layer] for layer in e.layers] == [
        ["h1.1", "h1.2", "h1.3"],
        ["h2.1", "h2.2"],
        ["logit1", "logit2"],
    ]
    assert e.y == (0.0, 1.0)
    assert sum(e.prediction) == pytest.approx(1.0)
    assert (e["w9"].source, e["w9"].target) == ("h1.3", "h2.1")
    assert (e["b4"].source, e["b4"].target) == ("1", "h2.1")
    names = [factor.name for factor in e.paths("w9")[1]]
    assert names == ["∂E/∂logit2", "∂logit2/∂h2.1", "∂h2.1/∂z2.1", "∂z2.1/∂w9"]
    assert e["w9"].factors[0].name == "∂E/∂h2.1"
    assert e["w9"].factors[0].formula == "∂E/∂logit1·w13 + ∂E/∂logit2·w15"
    assert e["h2.1"].links[1].formula == "w15"
    assert e["w15"].value == e["h2.1"].links[1].value


def test_own_activation_and_loss():
    try:
        bp.register_activation("cubic", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
        bp.register_loss("quartic", lambda p, t, c: (p - t) ** 4, lambda p, t, c: 4 * (p - t) ** 3)
        e = drawn((2, 2, 1), activation="cubic", loss="quartic")
    finally:
        ACTIVATIONS.pop("cubic", None)
        LOSSES.pop("quartic", None)
    check_chain_rules(e)
    assert e["h1"].slope.formula == "cubic'(z1)"
    assert e["prediction"].gradient.formula == "quartic'(prediction, target)"
