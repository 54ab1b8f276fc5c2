"""Every device and strategy usable here, beside the reference and finite differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..training import dispatch
from ..training.backpropagation import gradients
from ..training.loop import fit
from ..training.population import Population
from .cases import SHAPES, SMALL, Case, draw_case
from .differences import central_differences, gradient_rows
from .machine import machine
from .text_table import text_table

TOLERANCES = {"float64": 1e-9, "float32": 1e-3}  # relative, after a short training
DIFFERENCES_TOLERANCE = 1e-5  # relative: finite differences are no better


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
        facts = [f"{name}: {value}" for name, value in self.machine.items()]
        failed = sum(not check.passed for check in self.checks)
        verdict = f"{failed} of {len(rows) - 1} failed" if failed else f"all {len(rows) - 1} passed"
        return "\n".join([*facts, "", *text_table(rows), "", verdict])


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
    checks = [_check_gradient("reference", draw_case(SMALL, rng))]
    usable = [name for name, words in dispatch.devices().items() if words.startswith("usable")]
    for device in (name for name in usable if name != "reference"):
        for dtype in TOLERANCES:
            for shape in SHAPES[device]:
                drawn = [draw_case(shape, rng) for _ in range(cases)]
                checks += [_check_training(device, dtype, case) for case in drawn]
        checks += [_check_gradient(device, draw_case(shape, rng)) for shape in SHAPES[device]]
    return Verification(tuple(checks), machine())


def _check_training(device: str, dtype: str, case: Case) -> Check:
    """Parameters and losses of a short training beside the reference's."""
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


def _check_gradient(device: str, case: Case) -> Check:
    """Derivatives along random directions beside central finite differences, in float64."""
    plan = dispatch.choose(case.mlp, case.n, len(case.X), device, "sgd", "float64")
    population = Population(case.mlp, case.n, case.seed, init="torch", dtype="float64")
    directions = np.random.default_rng(case.seed).normal(size=population.parameters.shape)
    slope = (gradient_rows(population, case.X, case.y, device=device) * directions).sum(axis=1)
    measured = central_differences(
        lambda moved: gradients(moved, case.X, case.y, device=device)[0], population, directions
    )
    error = difference(measured, slope)
    against, tolerance = "finite differences", DIFFERENCES_TOLERANCE
    return Check(device, plan.strategy, "float64", str(case), against, error, tolerance)


def difference(values: np.ndarray, truth: np.ndarray) -> float:
    """Largest difference relative to the truth's own size."""
    return float(np.max(np.abs(values - truth) / (np.abs(truth) + np.abs(truth).mean())))
