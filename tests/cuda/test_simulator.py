"""CUDA's kernels against the reference: gradients, predictions and training of small odd cases.

They run in Numba's simulator, or on a GPU with ``pytest -m gpu``.
"""

import math
from functools import partial

import cases
import numpy as np
import pytest
from cases import OPTIMIZERS, TOLERANCE, Case, draw_case

import bpfast as bp
from bpfast.kernels.math import ACTIVATIONS, LOSSES

STRATEGIES = ["thread", "block", "large batch"]
check = partial(cases.check, device="cuda")
pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.gpu,
    # on a GPU nothing warns of what is not finite; NumPy, which simulates it, does
    pytest.mark.filterwarnings("ignore:(overflow|invalid value|divide by zero):RuntimeWarning"),
]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
either_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


@either_dtype
@every_strategy
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(forced, strategy, dtype, activation):
    with forced(strategy):
        check(Case(bp.MLP((2, 3, 1), activation, "mse"), dtype, n=1, rows=7))


@every_strategy
@pytest.mark.parametrize("soft", [False, True], ids=["", "soft"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(forced, strategy, loss, soft):
    mlp = bp.MLP((2, 3), loss=loss, delta=0.7, quantile=0.3)
    with forced(strategy):
        check(Case(mlp, "float64", n=1, rows=7, weighted=soft, soft=soft, validated=True))


@every_strategy
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(forced, strategy, optimizer):
    with forced(strategy):
        check(Case(bp.MLP((2, 3, 1), "tanh", "mse"), "float64", rows=7, optimizer=optimizer))


@every_strategy
@pytest.mark.parametrize("bias", [False, True], ids=["", "biased"])
def test_everything_at_once(forced, strategy, bias):
    """Two activations, folds of different lengths, dropout, penalties, short batches, patience."""
    mlp = bp.MLP((3, 4, 2, 3), ("tanh", "silu"), "cross_entropy", bias=bias)
    case = Case(
        mlp,
        "float64",
        n=3,
        rows=11,
        optimizer="AdamW",
        options={
            "learning_rate": np.array([0.1, 0.02, 0.01]),
            "l1": 0.01,
            "l2": np.array([0.0, 0.1, 0.2]),
            "clip_norm": np.array([np.inf, 0.1, 1.0]),
            "schedule": "cosine",
        },
        fit={
            "epochs": 4,
            "batch_size": 4,
            "rows": ([np.arange(11), np.array([1, 5, 1, 7])], np.array([0, 1, 0])),
            "dropout": (0.3, np.array([0.0, 0.5, 0.2])),
            "record": 2,
            "patience": np.array([2, 3, 4]),
            "tol": np.array([0.0, 0.0, 2.0]),
        },
        weighted=True,
        validated=True,
    )
    with forced(strategy):
        check(case)


@every_strategy
@either_dtype
def test_divergence(forced, strategy, dtype):
    """One diverges at once, another later; the others never notice."""
    rates = np.array([0.05, {"float32": 1e30, "float64": 1e200}[dtype], 30.0, 0.01])
    case = Case(
        bp.MLP((3, 5, 2), "relu", "half_squared_error"),
        dtype,
        n=4,
        rows=8,
        optimizer="SGD",
        options={"learning_rate": rates, "weight_decay": 0.0},
        fit={"epochs": 12, "batch_size": 4, "record": 3},
        validated=True,
    )
    case.some = lambda: range(4)
    with forced(strategy):
        history = check(case)
    assert history.diverged[1]
    assert history.diverged.sum() < 3


def test_functions_of_ones_own(forced):
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
                check(Case(bp.MLP((3, 4, 2), "softsign", "log_cosh", delta=0.5), n=1, rows=7))
    finally:
        del ACTIVATIONS["softsign"], LOSSES["log_cosh"]


@every_strategy
@pytest.mark.parametrize("seed", range(6))
def test_anything(forced, strategy, seed):
    case = draw_case(np.random.default_rng(seed), "float64", most_rows=12)
    with forced(strategy):
        check(case)
