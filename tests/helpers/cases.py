"""Fits that every device is held to the reference with: fixed ones and drawn ones."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS, LOSSES, REPORTED
from bpfast.training.network import ScikitLearnMLP
from bpfast.training.optimizers import ScikitLearnAdam, ScikitLearnSGD

TOLERANCE = {"float32": 1e-3, "float64": 1e-9}  # relative to a network's own numbers
OPTIMIZERS = {
    "SGD": (bp.SGD, {"weight_decay": 0.1}),
    "momentum": (bp.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "nesterov": (bp.SGD, {"momentum": 0.5, "nesterov": True}),
    "Adam": (bp.Adam, {"beta1": 0.8, "epsilon": 1e-3, "weight_decay": 0.1}),
    "AdamW": (bp.AdamW, {"beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.1}),
    "scikit-learn's SGD": (ScikitLearnSGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "scikit-learn's nesterov": (ScikitLearnSGD, {"momentum": 0.5, "nesterov": True}),
    "scikit-learn's Adam": (ScikitLearnAdam, {"beta1": 0.8, "epsilon": 1e-3}),
    "RMSprop": (bp.RMSprop, {"alpha": 0.9, "epsilon": 1e-2}),
    "RMSprop with momentum": (bp.RMSprop, {"alpha": 0.9, "epsilon": 1e-2, "momentum": 0.5}),
}


def mlp_with(loss, layers, activation="relu", dtype="float64", **options):
    """An MLP whose kernels are given a loss: some losses only scikit-learn's estimators report."""
    for of, reported in REPORTED.items():
        if loss == reported:
            options["delta"] = float(np.finfo(dtype).eps)
            return ScikitLearnMLP(layers, activation, of, **options)
    return bp.MLP(layers, activation, loss, **options)


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
    scale: float = 1.0  # of targets that are numbers
    seed: int = 0

    def some(self):
        """Networks that the reference, which is slow, is asked for."""
        return sorted({0, self.n // 2, self.n - 1})

    def samples(self, seed=1):
        rng = np.random.default_rng([self.seed, seed])
        shape = (self.rows, self.mlp.outputs)
        X = rng.normal(size=(self.rows, self.mlp.inputs)) / np.sqrt(self.mlp.inputs)
        y = self.scale * rng.normal(size=shape)
        if self.mlp.loss == "cross_entropy" and not self.soft:
            y = rng.integers(0, self.mlp.outputs, self.rows)
        elif LOSSES[self.mlp.loss].inverse_link != "identity":
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
        with bp.Training(
            population,
            X,
            y,
            kind(**_of(options, networks)),
            sample_weight=weights,
            validation=self.samples(seed=2) if self.validated else None,
            seed=self.seed,
            device=device,
            **{"epochs": 2, "batch_size": 6} | _of(self.fit, networks),
        ) as training:
            training.advance()
        history = training.history()
        results["trained"] = population.parameters
        results["loss"] = history.loss
        if self.validated:
            results["validation loss"] = history.validation_loss
        if history.penalty is not None:
            results["penalty"] = history.penalty
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


def check(case, device):
    """A device trains all networks, and some of them are as the reference has them."""
    some = case.some()
    expected, reached = case.run("reference", some)
    got, history = case.run(device, range(case.n))
    names = ["epochs_run", "stopped", "diverged"]
    if reached.best_epoch is not None:
        names += ["best_epoch", "restored"]
    for name in names:
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


def overflowing(n=3, **fit):
    """A case in which all batches' losses are finite, and an epoch's sum of them is not."""
    return Case(
        bp.MLP((3, 2, 1), "identity", "half_squared_error"),
        "float64",
        n=n,
        rows=60,
        optimizer="SGD",
        options={"learning_rate": 1e-160, "weight_decay": 0.0},
        fit={"epochs": 4, "batch_size": 4} | fit,
        scale=4e153,
    )


# --- drawn ---------------------------------------------------------------------------------------

WIDTHS = [1, 2, 3, 5, 8, 15, 16, 17, 33, 40]
NETWORKS = [1, 2, 15, 16, 17, 33]


def draw_case(rng, dtype, most_rows, widths=WIDTHS, networks=NETWORKS):
    """A case of any size with any of the options, each as likely as the others."""
    loss = rng.choice(list(LOSSES))
    hidden = rng.choice(widths, rng.integers(0, 4))
    outputs = rng.choice(widths[LOSSES[loss].inverse_link == "softmax" :])
    activations = rng.choice(list(ACTIVATIONS), len(hidden))
    mlp = mlp_with(
        str(loss),
        tuple(int(width) for width in (rng.choice(widths), *hidden, outputs)),
        tuple(str(name) for name in activations),
        dtype,
        bias=bool(rng.integers(2)),
        delta=0.7,
        quantile=0.3,
    )
    n = int(rng.choice(networks))
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
    rate = 0.05 if issubclass(OPTIMIZERS[optimizer][0], bp.SGD) else 0.005
    choices = {
        "learning_rate": rate * rng.uniform(0.1, 1.0, n),
        "weight_decay": rng.uniform(0, 0.1, n),
        "momentum": rng.choice([0.0, 0.5, 0.9], n) if "momentum" in optimizer else None,
        "nesterov": rng.random(n) < 0.5 if "nesterov" in optimizer else None,
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
        "objective": "sum",
        "tol": rng.uniform(0.0, 1.0, n) * rng.integers(0, 2, n),
        "patience": rng.integers(1, 3, n) if patient else None,
        "restore_best_weights": False,
    }
    epochs, batch_size = rng.integers(1, 4), rng.integers(max(1, rows // 8), max(80, rows))
    drawn = draw_some(rng, choices)
    if "patience" in drawn and "record" in drawn:  # fit wants a score before patience ends
        drawn["patience"] = np.maximum(drawn["patience"], drawn["record"])
    return {"epochs": int(epochs), "batch_size": int(batch_size)} | drawn
