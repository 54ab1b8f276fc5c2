"""What is computed for units that are not there takes part in no sum, whatever it is."""

import math
from functools import partial

import cases
import numpy as np
import pytest
from cases import TOLERANCE, Case
from hypothesis import given, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS

INFINITY = math.inf
check = partial(cases.check, device="cpu")
either_dtype = pytest.mark.parametrize("dtype", TOLERANCE)
every_strategy = pytest.mark.parametrize("strategy", ["lanes", "tiles", "large batch"])
either_objective = pytest.mark.parametrize("objective", ["mean", "sum"])
PENALTIES = {"l1": np.array([0.01, 0.0]), "l2": 0.1, "clip_norm": np.array([0.2, 0.02])}


@pytest.fixture(scope="module", autouse=True)
def _edgy():
    """An activation that is infinitely steep at 0, where it is 1: padding becomes NaN."""
    bp.register_activation("edgy", lambda z: z + 1.0, lambda z, a: 1.0 if z != 0.0 else INFINITY)
    yield
    del ACTIVATIONS["edgy"]


def case(mlp, dtype, objective, optimizer="SGD", **options):
    fit = {"objective": objective, "epochs": 3, "batch_size": 4}
    options = PENALTIES | options
    return Case(mlp, dtype, n=2, rows=9, optimizer=optimizer, options=options, fit=fit)


@either_dtype
@every_strategy
@either_objective
def test_an_activation_that_is_infinitely_steep_at_zero(forced, strategy, dtype, objective):
    for layers in ((3, 5, 2), (2, 17, 16, 1), (17, 33, 3)):
        with forced(strategy):
            check(case(bp.MLP(layers, "edgy", "mse"), dtype, objective))


@every_strategy
@either_objective
def test_zero_by_zero(forced, strategy, objective):
    """An epsilon that float32 cannot hold: units that are not there move by 0 / 0."""
    for optimizer in ("Adam", "RMSprop"):
        fit = case(bp.MLP((3, 5, 2), "tanh", "mse"), "float32", objective, optimizer, epsilon=1e-60)
        with forced(strategy):
            check(fit)


@every_strategy
@either_dtype
@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    layers=st.lists(st.integers(1, 36), min_size=2, max_size=4),
    bias=st.booleans(),
    objective=st.sampled_from(["mean", "sum"]),
    threads=st.integers(1, 3),
)
def test_any_widths(forced, strategy, dtype, layers, bias, objective, threads):
    with forced(strategy, threads):
        check(case(bp.MLP(tuple(layers), "edgy", "mse", bias=bias), dtype, objective))
