"""The parts of a task that all devices hand to their kernels."""

from types import SimpleNamespace

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.arguments import (
    Stopping,
    hyperparameters,
    no_samples,
    output_share,
    own_row,
    stopping,
)


def test_a_row_for_each_network_or_one_for_all():
    assert [own_row(np.zeros((3, 2)), i) for i in range(3)] == [0, 1, 2]
    assert [own_row(np.zeros((1, 2)), i) for i in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(("loss", "share"), [("mse", 0.25), ("quantile", 1.0)])
def test_losses_that_average_over_outputs(loss, share):
    assert output_share(bp.MLP((3, 4), loss=loss).network) == share


@pytest.mark.parametrize("beta1", [0.5, [0.5, 0.6, 0.7]])
def test_hyperparameters_are_as_many_for_each_rule(beta1):
    adam = hyperparameters(bp.Adam(beta1=beta1).resolve(3, 1))
    assert adam.shape == (np.size(beta1), 5)
    np.testing.assert_array_equal(adam[:, 0], np.ravel(beta1))
    sgd = hyperparameters(bp.SGD(weight_decay=0.1).resolve(3, 1))
    np.testing.assert_array_equal(sgd, [[0.0, 0.0, 0.1, 0.0, 0.0]])


def test_no_samples_are_arrays_of_the_dtype():
    parts = vars(no_samples("float32")).values()
    assert {(len(part), part.dtype.name) for part in parts} == {(0, "float32")}


def test_a_device_says_how_it_takes_arrays():
    state = ("status", "epochs_run", "best", "best_epoch", "loss", "validation_loss", "penalty")
    task = SimpleNamespace(
        tol="tol", patience="patience", state=SimpleNamespace(**{name: name for name in state})
    )
    parts = stopping(task, read=str.upper, written=str.title)
    assert parts == Stopping("TOL", "PATIENCE", *(name.title() for name in state))
