"""The CPU's kernels against the reference: gradients, predictions and training of drawn cases."""

import math
from functools import partial

import cases
import numpy as np
import pytest
from cases import OPTIMIZERS, TOLERANCE, Case, draw_case, mlp_with, overflowing
from hypothesis import given, note, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES

STRATEGIES = ["lanes", "tiles", "large batch"]
MOST_ROWS = {"lanes": 70, "tiles": 300, "large batch": 700}
check = partial(cases.check, device="cpu")

# --- every function in every strategy -------------------------------------------------------------

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
either_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


@either_dtype
@every_strategy
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(forced, strategy, dtype, activation):
    with forced(strategy):
        check(Case(bp.MLP((3, 17, 5, 2), activation, "mse"), dtype))


@either_dtype
@every_strategy
@pytest.mark.parametrize("soft", [False, True], ids=["", "soft"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(forced, strategy, dtype, loss, soft):
    with forced(strategy):
        mlp = mlp_with(loss, (3, 5, 4), "tanh", dtype, delta=0.7, quantile=0.3)
        check(Case(mlp, dtype, weighted=soft, soft=soft, validated=True))


@either_dtype
@every_strategy
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(forced, strategy, dtype, optimizer):
    with forced(strategy):
        check(Case(bp.MLP((3, 17, 2), "tanh", "mse"), dtype, optimizer=optimizer))


@pytest.mark.parametrize("inputs", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("outputs", [1, 15, 16, 17, 33])
@every_strategy
def test_no_hidden_layer(forced, strategy, inputs, outputs):
    with forced(strategy):
        check(Case(bp.MLP((inputs, outputs), loss="mse", bias=outputs != 16), n=2))


def test_functions_of_ones_own(forced):
    """They are compiled once for all devices; a kink and a constant among them."""
    bp.register_activation(
        "softsign", lambda z: z / (1.0 + abs(z)), lambda z, a: (1.0 - abs(a)) ** 2
    )
    bp.register_loss(
        "log_cosh",
        lambda p, t, c: c * (abs(p - t) + math.log1p(math.exp(-2.0 * abs(p - t)))),
        lambda p, t, c: c * math.tanh(p - t),
        average=True,
    )
    try:
        for strategy in STRATEGIES:
            with forced(strategy):
                check(Case(bp.MLP((3, 4, 2), "softsign", "log_cosh", delta=0.5)))
    finally:
        del ACTIVATIONS["softsign"], LOSSES["log_cosh"]


# --- divergence -----------------------------------------------------------------------------------


@every_strategy
@either_dtype
@pytest.mark.parametrize("validated", [False, True], ids=["", "validated"])
@pytest.mark.parametrize("record", ["epoch", 3])
def test_divergence(forced, strategy, dtype, validated, record):
    """Some diverge at once, others later, and they lose what they saw since."""
    rates = np.full(18, 0.05)
    rates[[0, 9]] = {"float32": 1e30, "float64": 1e200}[dtype], 30.0
    case = Case(
        bp.MLP((3, 5, 2), "relu", "half_squared_error"),
        dtype,
        n=18,
        optimizer="SGD",
        options={"learning_rate": rates, "weight_decay": 0.0},
        fit={"epochs": 12, "batch_size": 4, "record": record},
        validated=validated,
    )
    with forced(strategy):
        history = check(case)
    assert history.diverged[0]
    assert history.diverged.sum() < 3


@every_strategy
@pytest.mark.parametrize("fit", [{}, {"record": "last"}, {"batch_size": 1}], ids=str)
def test_an_epoch_whose_sum_overflows_ends_a_network(forced, strategy, fit):
    with forced(strategy):
        history = check(overflowing(n=18, **fit))
    assert history.diverged.all()
    assert not history.epochs_run.any()


# --- anything -------------------------------------------------------------------------------------


@either_dtype
@every_strategy
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), threads=st.integers(1, 3))
def test_anything(forced, strategy, dtype, seed, threads):
    case = draw_case(np.random.default_rng(seed), dtype, MOST_ROWS[strategy])
    note(case)
    with forced(strategy, threads):
        check(case)


@pytest.mark.parametrize("name", ["parameters", "moments"])
def test_what_is_read_only_is_not_trained(name):
    """As large arrays are in joblib's workers: to write to them would end the process."""
    networks = bp.Population(bp.MLP((2, 3, 1), loss="mse"), 3)
    X = np.ones((4, 2))
    training = bp.Training(networks, X, X[:, :1], bp.Adam(), epochs=2, device="cpu")
    array = getattr(training.resident.task.state, name)
    array.setflags(write=False)
    before = networks.parameters.copy()
    with training, pytest.raises(ValueError, match=f"networks' {name} are read-only"):
        training.advance()
    assert (networks.parameters == before).all()
    networks.predict(X, device="cpu")
    bp.gradients(networks, X, X[:, :1], device="cpu")
