"""Rows of activations, losses and optimisers: complete, and of use to those who read them."""

import pytest

from bpfast.kernels.math import N_HYPERPARAMETERS, N_POWERS
from bpfast.kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS, REPORTED
from bpfast.training.initializers import INITIALIZERS
from bpfast.training.network import MLP

ASKED_FOR = [name for name in LOSSES if name not in REPORTED.values()]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_rows_of_activations_leave_nothing_out(name):
    row = ACTIVATIONS[name]
    assert row.formula.format(a="A", z="Z") != row.formula or row.formula == "1"
    assert row.init in INITIALIZERS
    assert callable(row.torch)
    assert callable(row.onnx)


@pytest.mark.parametrize("name", ASKED_FOR)
def test_rows_of_losses_leave_nothing_out(name):
    row = LOSSES[name]
    for formula in (row.formula, row.slope_formula):
        assert formula.format(p="P", t="T", c="C", d="D") != formula
    assert row.meaning
    assert row.inverse_link in INVERSE_LINKS
    assert hasattr(MLP((1, 1)), row.parameter)


def test_losses_that_are_reported_have_rows_with_the_same_slope():
    assert set(REPORTED) == {name for name in LOSSES if LOSSES[name].sklearn == "log_loss"}
    for name, reported in REPORTED.items():
        assert LOSSES[reported].slope is LOSSES[name].slope
        assert LOSSES[reported].inverse_link == LOSSES[name].inverse_link


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rules_return_as_much_as_they_are_given(name):
    row = OPTIMIZERS[name]
    assert len(row.hyperparameters) <= N_HYPERPARAMETERS
    given = (0.1, *[0.5] * N_HYPERPARAMETERS, *[0.25] * N_POWERS)
    *powers, c0, c1, c2, c3, c4, c5 = row.coefficients(*given)
    assert (powers != [0.25] * N_POWERS) == row.powers
    w, *moments = row.update(1.0, 1.0, 0.5, 0.5, c0, c1, c2, c3, c4, c5)
    assert w != 1.0
    assert all(m == 0.5 for m in moments[row.states :])


def test_names_of_scikit_learn_are_its_own():
    neural_network = pytest.importorskip("sklearn.neural_network")
    known = neural_network.MLPRegressor._parameter_constraints
    names = {row.sklearn for row in ACTIVATIONS.values()} - {""}
    assert names == set(known["activation"][0].options)
    losses = {row.sklearn for row in LOSSES.values()} - {"", "log_loss"}
    assert losses == set(known["loss"][0].options)
