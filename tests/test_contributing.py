"""CONTRIBUTING.md's activation, loss and optimiser work as it says."""

import contributed
import pytest

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES, OPTIMIZERS


@pytest.fixture
def names():
    with contributed.contributed() as names:
        yield names


def test_the_page_adds_one_row_to_each_table(names):
    assert ("softsign" in ACTIVATIONS, "log_cosh" in LOSSES, "sign" in OPTIMIZERS) == (True,) * 3


@pytest.mark.parametrize("strategy", ["lanes", "tiles", "large batch"])
def test_on_the_cpu(forced, names, strategy):
    with forced(strategy):
        contributed.check_on("cpu", names)


def test_in_the_reference(names):
    contributed.check_on("reference", names)


def test_an_explanation_has_the_formulas_of_the_rows(names):
    mlp = bp.MLP((1, 1, 1), activation="softsign", loss="log_cosh", bias=False)
    explanation = bp.explain(mlp, [[[0.5]], [[1.0]]], [1.0], [0.0], 0.1, [], "reference")
    (hidden,), (output,) = explanation.layers
    assert hidden.slope.formula == "(1 - |h1|)²"
    assert output.gradient.formula == "tanh(prediction - target)"


def test_what_a_row_leaves_out_is_told_by_who_needs_it(names):
    pytest.importorskip("onnx")
    with pytest.raises(ValueError, match="activation 'softsign' is not known to ONNX: it has"):
        contributed.network().to_onnx(0)
