"""What stochastic solvers are in bpfast: an optimiser, and learning rates for coming epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..kernels.schedules import unfolded
from ..training.optimizers import Adam, AdamW, Optimizer, RMSprop, ScikitLearnAdam, ScikitLearnSGD
from .fits import Fit


@dataclass
class OptimizerState:
    """What an optimiser keeps from one ``partial_fit`` to the next.

    Attributes
    ----------
    learning_rate : of the next epoch
    epochs : how many it has run
    tensors : moments and powers, as ``Training.state_dict`` names them
    """

    learning_rate: float
    epochs: int = 0
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def state_of(fit: Fit) -> OptimizerState:
    """The state that a fit starts with: what the last ``partial_fit`` left, or a new one."""
    before = getattr(fit.estimator, "_optimizer", None)
    if fit.incremental and before is not None:
        return before
    return OptimizerState(float(fit.estimator.learning_rate_init))


def learning_rates(
    fits: Sequence[Fit], states: Sequence[OptimizerState], epochs: np.ndarray
) -> np.ndarray:
    """(n,) learning rates, or where some are scheduled (n, most) for the coming (n,) epochs."""
    rates = [_rates(*each) for each in zip(fits, states, epochs.tolist(), strict=True)]
    if all(len(rate) == 1 for rate in rates):
        return np.concatenate(rates)
    most = int(epochs.max())
    return np.stack([np.pad(rate, (0, most - len(rate)), "edge") for rate in rates])


def numbers(values: list) -> Any:
    """A number that all networks share, or one for each."""
    return float(values[0]) if len(set(values)) == 1 else np.array(values, np.float64)


def optimizer_of(estimators: Sequence, rates: np.ndarray) -> Optimizer:
    """The optimiser of one solver's estimators, with the hyperparameters of each of these."""

    def each(name: str) -> Any:
        return numbers([getattr(estimator, name) for estimator in estimators])

    clip_norms = [np.inf if e.clip_norm is None else e.clip_norm for e in estimators]
    shared = {"learning_rate": rates, "l2": each("alpha"), "clip_norm": numbers(clip_norms)}
    solver = estimators[0].solver
    if solver == "sgd":
        momentum, nesterov = each("momentum"), each("nesterovs_momentum")
        return ScikitLearnSGD(momentum=momentum, nesterov=nesterov, **shared)
    if solver == "rmsprop":
        return RMSprop(alpha=each("beta_2"), epsilon=each("epsilon"), **shared)
    adam = {"beta1": each("beta_1"), "beta2": each("beta_2"), "epsilon": each("epsilon")}
    if solver == "adamw":
        return AdamW(weight_decay=each("weight_decay"), **adam, **shared)
    return ScikitLearnAdam(**adam, **shared)


def _rates(fit: Fit, state: OptimizerState, epochs: int) -> np.ndarray:
    """(epochs,) learning rates of the coming epochs, or (1,) where they are constant."""
    estimator = fit.estimator
    schedule, first = estimator.learning_rate, estimator.learning_rate_init
    if schedule in ("exponential", "cosine"):
        optimizer = Adam(
            learning_rate=first,
            schedule=schedule,
            decay=estimator.decay,
            warmup=estimator.warmup,
        )
        most = estimator.max_iter
        rates = unfolded(optimizer.resolve(1, most), most).rates[0]
        coming = state.epochs + np.arange(epochs)
        return rates[np.minimum(coming, len(rates) - 1)]
    if estimator.solver == "sgd" and schedule == "invscaling":
        seen = estimator.t_ + len(fit.trained) * np.arange(1, epochs)
        later = first / (seen + 1.0) ** estimator.power_t
        return np.concatenate([[state.learning_rate], later])
    return np.array([state.learning_rate])
