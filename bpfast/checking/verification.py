"""Every device and kernel usable here, held against the reference and finite differences."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np

from ..kernels.tables import ACTIVATIONS
from ..training import dispatch
from ..training.backpropagation import gradients
from ..training.loop import fit
from ..training.network import BUILT_IN, MLP, loss_names
from ..training.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from ..training.population import Population
from .differences import central_differences
from .text_table import text_table

# Architectures and fits that the devices' strategies are chosen for; widths, networks and samples
# are multiples of nothing.
TINY: dict[str, Any] = {"hidden": (3,), "n": 17, "samples": 45, "batch_size": 11}
SMALL: dict[str, Any] = {"hidden": (7, 15), "n": 17, "samples": 45, "batch_size": 11}
MIDDLE: dict[str, Any] = {"hidden": (65, 37), "n": 5, "samples": 45, "batch_size": 11}
WIDE: dict[str, Any] = {"hidden": (401,), "n": 1, "samples": 601, "batch_size": 333}
LARGE: dict[str, Any] = {"hidden": (401, 307), "n": 2, "samples": 45, "batch_size": 11}
SHAPES = {"cpu": (SMALL, MIDDLE, WIDE), "cuda": (TINY, MIDDLE, LARGE)}
TOLERANCES = {"float64": 1e-9, "float32": 1e-3}  # relative, after a short training
SLOPE_TOLERANCE = 1e-5  # of finite differences: their own error


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes
    ----------
    device, strategy, dtype : what was run
    case : network, loss and optimiser in words
    against : "reference" or "finite differences"
    error, tolerance : largest relative difference, and what is allowed
    """

    device: str
    strategy: str
    dtype: str
    case: str
    against: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the difference is within its tolerance (NaN is not)."""
        return bool(self.error <= self.tolerance)


@dataclass(frozen=True)
class Verification:
    """All comparisons, and the machine they were made on; ``str`` of it is a table to send.

    Attributes
    ----------
    checks : tuple of Check
    machine : dict of versions, processor and devices
    """

    checks: tuple[Check, ...]
    machine: dict[str, str]

    @property
    def passed(self) -> bool:
        """Whether every comparison is within its tolerance."""
        return all(check.passed for check in self.checks)

    def __str__(self) -> str:
        rows = [("device", "strategy", "dtype", "case", "against", "error", "allowed", "")]
        for c in self.checks:
            verdict = "ok" if c.passed else "FAILED"
            error, allowed = f"{c.error:.1e}", f"{c.tolerance:.0e}"
            rows.append((c.device, c.strategy, c.dtype, c.case, c.against, error, allowed, verdict))
        machine = [f"{name}: {value}" for name, value in self.machine.items()]
        failed = sum(not check.passed for check in self.checks)
        verdict = f"{failed} of {len(rows) - 1} failed" if failed else f"all {len(rows) - 1} passed"
        return "\n".join([*machine, "", *text_table(rows), "", verdict])


def verify(cases: int = 3, seed: int = 0) -> Verification:
    """Compare every usable device, strategy and dtype with the reference on drawn cases.

    Parameters
    ----------
    cases : int
        Trainings drawn for each strategy and dtype.
    seed : int
        What they are drawn from.

    Returns
    -------
    Verification
        Prints as a table, with versions and processor, that can go into a bug report.
    """
    rng = np.random.default_rng(seed)
    checks = [_check_slopes("reference", _draw(SMALL, rng))]
    usable = [name for name, words in dispatch.devices().items() if words.startswith("usable")]
    for device in (name for name in usable if name != "reference"):
        for dtype in TOLERANCES:
            for shape in SHAPES[device]:
                drawn = [_draw(shape, rng) for _ in range(cases)]
                checks += [_check_training(device, dtype, case) for case in drawn]
        checks += [_check_slopes(device, _draw(shape, rng)) for shape in SHAPES[device]]
    return Verification(tuple(checks), machine())


def machine() -> dict[str, str]:
    """Versions, processor and devices, in words."""
    from ..version import __version__

    return {
        "bpfast": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "numpy, numba, llvmlite": f"{np.__version__}, {numba.__version__}, {llvmlite.__version__}",
        "processor": _processor(),
        **{f"device {name}": words for name, words in dispatch.devices().items()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        return f"{len(names)} x {names[0]}"
    except (OSError, IndexError):
        return platform.processor() or "unknown"


@dataclass(frozen=True)
class _Case:
    """A drawn training."""

    mlp: MLP
    X: np.ndarray
    y: np.ndarray
    n: int
    optimizer: Optimizer
    batch_size: int
    seed: int

    def __str__(self) -> str:
        widths = "-".join(map(str, self.mlp.layers))
        names = f"{'/'.join(self.mlp.activations)} {self.mlp.loss}"
        return f"{widths} {names} {type(self.optimizer).__name__}"


def _draw(shape: dict[str, Any], rng: np.random.Generator) -> _Case:
    n, samples = shape["n"], shape["samples"]
    own = [name for name in ACTIVATIONS if name in BUILT_IN]
    loss = str(rng.choice([name for name in loss_names() if name in BUILT_IN]))
    layers = (int(rng.integers(1, 6)), *shape["hidden"], int(rng.integers(2, 5)))
    activations = tuple(str(name) for name in rng.choice(own, len(shape["hidden"])))
    X = rng.normal(size=(samples, layers[0]))
    y: np.ndarray = rng.normal(size=(samples, layers[-1]))
    if loss == "cross_entropy":
        y = rng.integers(0, layers[-1], samples)
    elif loss == "poisson":
        y = rng.poisson(1.0, (samples, layers[-1])).astype(float)
    elif loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (samples, layers[-1])).astype(float)
    mlp = MLP(layers, activations, loss, bias=bool(rng.integers(2)))
    return _Case(mlp, X, y, n, _draw_optimizer(n, rng), shape["batch_size"], int(rng.integers(999)))


def _draw_optimizer(n: int, rng: np.random.Generator) -> Optimizer:
    shared: dict[str, Any] = {
        "learning_rate": 10.0 ** rng.uniform(-3, -2, n),
        "l1": rng.uniform(0, 0.01, n),
        "l2": rng.uniform(0, 0.01, n),
        "clip_norm": rng.uniform(0.5, 2.0, n),
        "schedule": str(rng.choice(["constant", "exponential", "cosine"])),
    }
    kinds = [
        SGD(momentum=rng.uniform(0, 0.9, n), nesterov=rng.integers(0, 2, n), **shared),
        SGD(weight_decay=rng.uniform(0, 0.1, n), **shared),
        Adam(beta1=rng.uniform(0.5, 0.95, n), epsilon=1e-4, **shared),
        AdamW(weight_decay=rng.uniform(0, 0.1, n), epsilon=1e-4, **shared),
        RMSprop(alpha=rng.uniform(0.8, 0.99, n), momentum=0.5, epsilon=1e-4, **shared),
    ]
    return kinds[rng.integers(len(kinds))]


def _check_training(device: str, dtype: str, case: _Case) -> Check:
    trained, strategy = {}, ""
    for which in ("reference", device):
        population = Population(case.mlp, case.n, case.seed, dtype=dtype)
        history = fit(
            population,
            case.X,
            case.y,
            case.optimizer,
            epochs=3,
            batch_size=case.batch_size,
            seed=case.seed,
            dropout=0.1 if case.mlp.activations else 0.0,
            device=which,
            progress=False,
        )
        strategy = history.plan.strategy
        trained[which] = np.hstack([population.parameters, history.loss])
    error = difference(trained[device], trained["reference"])
    tolerance = TOLERANCES[dtype]
    return Check(device, strategy, dtype, str(case), "reference", error, tolerance)


def _check_slopes(device: str, case: _Case) -> Check:
    """Gradient along random directions against central finite differences, in float64."""
    plan = dispatch.choose(case.mlp, case.n, len(case.X), device, "sgd", "float64")
    population = Population(case.mlp, case.n, case.seed, init="torch", dtype="float64")
    directions = np.random.default_rng(case.seed).normal(size=population.parameters.shape)
    _, weights, biases = gradients(population, case.X, case.y, device=device)
    like = population.with_parameters(directions)
    slope = sum(
        (g * d).reshape(case.n, -1).sum(axis=1)
        for g, d in zip([*weights, *biases], [*like.weights, *like.biases], strict=True)
    )
    measured = central_differences(
        lambda moved: gradients(moved, case.X, case.y, device=device)[0], population, directions
    )
    error = difference(measured, np.asarray(slope))
    return Check(
        device, plan.strategy, "float64", str(case), "finite differences", error, SLOPE_TOLERANCE
    )


def difference(values: np.ndarray, truth: np.ndarray) -> float:
    """Largest difference relative to the truth's own size."""
    return float(np.max(np.abs(values - truth) / (np.abs(truth) + np.abs(truth).mean())))
