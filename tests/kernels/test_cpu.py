"""The CPU's kernels against the reference: gradients, predictions and training of drawn cases."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.math import ACTIVATIONS, LOSSES

TOLERANCE = {"float32": 1e-3, "float64": 1e-9}  # relative to a network's own numbers
STRATEGIES = ["lanes", "tiles", "large batch"]
OPTIMIZERS = {
    "SGD": (bp.SGD, {"weight_decay": 0.1}),
    "momentum": (bp.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "nesterov": (bp.SGD, {"momentum": 0.5, "nesterov": True}),
    "Adam": (bp.Adam, {"beta1": 0.8, "epsilon": 1e-3, "weight_decay": 0.1}),
    "AdamW": (bp.AdamW, {"beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1}),
    "RMSprop": (bp.RMSprop, {"alpha": 0.9, "epsilon": 1e-2}),
    "RMSprop with momentum": (bp.RMSprop, {"alpha": 0.9, "epsilon": 1e-2, "momentum": 0.5}),
}


@dataclass
class Case:
    """A fit of n networks; arrays among the options have a value for each of them."""

    mlp: bp.MLP
    dtype: str = "float32"
    n: int = 3
    rows: int = 20
    optimizer: str = "momentum"
    options: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)
    weighted: bool = False
    soft: bool = False
    validated: bool = False
    seed: int = 0

    def some(self):
        """Networks that the reference, which is slow, is asked for."""
        return sorted({0, self.n // 2, self.n - 1})

    def samples(self, seed=1):
        rng = np.random.default_rng([self.seed, seed])
        shape = (self.rows, self.mlp.outputs)
        X = rng.normal(size=(self.rows, self.mlp.inputs)) / np.sqrt(self.mlp.inputs)
        y = rng.normal(size=shape)
        if self.mlp.loss == "cross_entropy" and not self.soft:
            y = rng.integers(0, self.mlp.outputs, self.rows)
        elif LOSSES[self.mlp.loss].link != "identity":
            y = rng.random(shape)
        weights = rng.choice([0.0, 0.5, 1.0, 3.0], self.rows) if self.weighted else None
        return X, y, weights

    def run(self, device, networks):
        """Gradients, predictions and training of some of the networks."""
        population = bp.Population(self.mlp, self.n, self.seed, "torch", self.dtype)[networks]
        X, y, weights = self.samples()
        loss, *gradients = bp.gradients(population, X, y, weights, device=device)
        results = {"first loss": loss}
        for kind, arrays in zip(("weights", "biases"), gradients, strict=True):
            for layer, array in enumerate(arrays):
                results[f"gradients of {kind} {layer}"] = array
        results["predictions"] = population.predict(X, device=device)
        kind, options = OPTIMIZERS[self.optimizer]
        options = {"learning_rate": 0.01} | options | self.options
        history = bp.fit(
            population,
            X,
            y,
            kind(**_of(options, networks)),
            sample_weight=weights,
            validation=self.samples(seed=2) if self.validated else None,
            seed=self.seed,
            device=device,
            progress=False,
            **{"epochs": 2, "batch_size": 6} | _of(self.fit, networks),
        )
        results["trained"] = population.parameters
        results["loss"] = history.loss
        if self.validated:
            results["validation loss"] = history.validation_loss
        return results, history


def _of(options, networks):
    """Options of some of the networks."""

    def part(name, value):
        if name == "rows":
            return value[0], value[1][networks]
        if isinstance(value, tuple):
            return tuple(part("", v) for v in value)
        return value[networks] if isinstance(value, np.ndarray) else value

    return {name: part(name, value) for name, value in options.items()}


def check(case):
    """The CPU trains all networks, and some of them are as the reference has them."""
    some = case.some()
    expected, reached = case.run("reference", some)
    got, history = case.run("cpu", range(case.n))
    for name in ("epochs_run", "stopped", "diverged"):
        np.testing.assert_array_equal(getattr(history, name)[some], getattr(reached, name), name)
    tolerance = TOLERANCE[case.dtype]
    for name, truth in expected.items():
        with np.errstate(over="ignore"):  # what the dtype cannot hold is infinite
            truth = truth.astype(case.dtype)
        for network, values in zip(truth, got[name][some], strict=True):
            finite = np.abs(network[np.isfinite(network)])
            scale = finite.mean() if finite.size else 0.0
            np.testing.assert_allclose(
                values, network, rtol=tolerance, atol=tolerance * scale, err_msg=name
            )
    return history


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
        mlp = bp.MLP((3, 5, 4), "tanh", loss, delta=0.7, quantile=0.3)
        check(Case(mlp, dtype, weighted=soft, soft=soft, validated=True))


@either_dtype
@every_strategy
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(forced, strategy, dtype, optimizer):
    with forced(strategy):
        check(Case(bp.MLP((3, 17, 2), "tanh", "mse"), dtype, optimizer=optimizer))


@pytest.mark.parametrize("rows", [127, 128, 129, 255, 256, 257, 700])
@pytest.mark.parametrize("strategy", ["tiles", "large batch"])
def test_batches_around_the_sizes_that_are_cut(forced, strategy, rows):
    mlp = bp.MLP((2, 7, 3), ("tanh",), "cross_entropy")
    with forced(strategy, threads=3):
        case = Case(mlp, rows=rows, n=2, validated=True, weighted=True)
        check(case)
        case.fit = {"batch_size": rows, "epochs": 2, "dropout": 0.3}
        check(case)


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


# --- anything -------------------------------------------------------------------------------------

WIDTHS = [1, 2, 3, 5, 8, 15, 16, 17, 33, 40]
MOST_ROWS = {"lanes": 70, "tiles": 300, "large batch": 700}


def draw_case(rng, dtype, most_rows):
    """A case of any size with any of the options, each as likely as the others."""
    loss = rng.choice(list(LOSSES))
    hidden = rng.choice(WIDTHS, rng.integers(0, 4))
    outputs = rng.choice(WIDTHS[loss == "cross_entropy" :])
    activations = rng.choice(list(ACTIVATIONS), len(hidden))
    mlp = bp.MLP(
        tuple(int(width) for width in (rng.choice(WIDTHS), *hidden, outputs)),
        tuple(str(name) for name in activations),
        str(loss),
        bias=bool(rng.integers(2)),
        delta=0.7,
        quantile=0.3,
    )
    n = int(rng.choice([1, 2, 15, 16, 17, 33]))
    rows = int(rng.integers(1, rng.choice([70, most_rows]) + 1))
    optimizer = str(rng.choice(list(OPTIMIZERS)))
    # a loss that stands still is better or worse than before by rounding alone
    moves = not {"relu", "leaky_relu"} & set(activations) and loss not in ("mae", "quantile")
    return Case(
        mlp,
        dtype,
        n,
        rows,
        optimizer,
        options=draw_options(rng, n, optimizer),
        fit=draw_fit(rng, n, rows, len(hidden), patient=moves),
        weighted=bool(rng.integers(2)),
        soft=bool(rng.integers(2)),
        validated=bool(rng.integers(2)),
        seed=int(rng.integers(1000)),
    )


def draw_some(rng, choices):
    """Some of the choices; None is none."""
    return {k: v for k, v in choices.items() if v is not None and rng.integers(2)}


def draw_options(rng, n, optimizer):
    """Options of an optimiser, each network's own."""
    rate = 0.05 if OPTIMIZERS[optimizer][0] is bp.SGD else 0.005
    choices = {
        "learning_rate": rate * rng.uniform(0.1, 1.0, n),
        "weight_decay": rng.uniform(0, 0.1, n),
        "momentum": rng.choice([0.0, 0.5, 0.9], n) if "momentum" in optimizer else None,
        "nesterov": rng.random(n) < 0.5 if optimizer == "nesterov" else None,
        "l1": rng.choice([0.0, 0.01], n),
        "l2": rng.choice([0.0, 0.1], n),
        "clip_norm": rng.choice([0.1, 1.0, np.inf], n),
        "schedule": rng.choice(["constant", "exponential", "cosine"], n),
        "decay": rng.uniform(0.5, 1.0, n),
        "minimum": rng.uniform(0, 1, n),
        "warmup": rng.integers(0, 3, n),
    }
    return draw_some(rng, choices)


def draw_fit(rng, n, rows, hidden, patient):
    """Options of a fit; few steps, so that the reference is done soon."""
    folds = [rng.integers(0, rows, rng.integers(1, rows + 1)) for _ in range(3)]
    choices = {
        "shuffle": False,
        "rows": (folds, rng.integers(0, 3, n)),
        "dropout": tuple(rng.choice([0.0, 0.3, 0.6], n) for _ in range(hidden)),
        "record": rng.choice([2, 3]),
        "tol": rng.uniform(0.0, 1.0, n) * rng.integers(0, 2, n),
        "patience": rng.integers(1, 3, n) if patient else None,
    }
    epochs, batch_size = rng.integers(1, 4), rng.integers(max(1, rows // 8), max(80, rows))
    drawn = draw_some(rng, choices)
    if "patience" in drawn and "record" in drawn:  # fit wants a score before patience ends
        drawn["patience"] = np.maximum(drawn["patience"], drawn["record"])
    return {"epochs": int(epochs), "batch_size": int(batch_size)} | drawn


@either_dtype
@every_strategy
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), threads=st.integers(1, 3))
def test_anything(forced, strategy, dtype, seed, threads):
    case = draw_case(np.random.default_rng(seed), dtype, MOST_ROWS[strategy])
    note(case)
    with forced(strategy, threads):
        check(case)
