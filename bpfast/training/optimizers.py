"""Optimisers, PyTorch's and scikit-learn's: every hyperparameter is a number, or one a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..checks import BELOW_ONE, check_choice, check_numbers
from ..kernels import schedules, tables, task
from ..kernels.task import distinct, repeated

Numbers = float | Sequence[float] | np.ndarray
BOUNDS: dict[str, dict[str, Any]] = {  # hyperparameters without a row are at least 0, and finite
    "clip_norm": {"high": np.inf, "open_low": True},
    "minimum": {"high": 1.0},
    "nesterov": {"high": 1.0},
    "beta1": {"high": BELOW_ONE},
    "beta2": {"high": BELOW_ONE},
    "alpha": {"high": BELOW_ONE},
    "epsilon": {"open_low": True},
}


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """What all optimisers share. Each value is a scalar or an (n,) array.

    Parameters
    ----------
    learning_rate : at least 0; also (n, epochs) or (1, epochs), a rate for every epoch
    weight_decay : at least 0, as PyTorch's optimiser of that name has it (biases too)
    l1, l2 : penalties ``l1 * sum(|w|) + l2 / 2 * sum(w**2)`` on weights, not on biases
    clip_norm : longest gradient allowed (``torch.nn.utils.clip_grad_norm_``); None: any
    schedule : "constant", "exponential" (rate * decay**epoch) or "cosine" (half a wave from the
        rate towards ``minimum`` times it, reached after the last epoch), evaluated once an epoch
    decay : factor per epoch of the exponential schedule
    minimum : where the cosine ends, as a fraction of the learning rate
    warmup : epochs over which the rate first climbs in equal steps to its full value
    """

    learning_rate: Numbers = 0.01
    weight_decay: Numbers = 0.0
    l1: Numbers = 0.0
    l2: Numbers = 0.0
    clip_norm: Numbers | None = None
    schedule: str | Sequence[str] | np.ndarray = "constant"
    decay: Numbers = 0.95
    minimum: Numbers = 0.0
    warmup: Numbers = 0

    @property
    @abstractmethod
    def rule(self) -> str:
        """Its name among the kernels' optimisers."""

    def resolve(self, n: int, epochs: int) -> task.Optimizer:
        """Each of n networks' own numbers for a fit of some epochs.

        Raises
        ------
        TypeError, ValueError
            A value that is not a number, not one per network, or out of its range.
        """
        names = tables.OPTIMIZERS[self.rule].hyperparameters
        columns = {name: self._numbers(name, n) for name in names}
        penalties = [self._numbers(name, n) for name in ("l1", "l2", "clip_norm")]
        l1, l2, longest = map(distinct, penalties)
        if not (l1.any() or l2.any() or np.isfinite(longest).any()):
            penalties = []
        rate = check_numbers("learning_rate", self.learning_rate, n, 0.0, epochs=epochs)
        return task.Optimizer(
            self._rule_for(columns),
            rates=rate[:, None] if rate.ndim == 1 else rate,
            hyperparameters=stack_columns([*columns.values()], n),
            penalties=stack_columns(penalties, n),
            schedule=self._schedule(n),
        )

    def _numbers(self, name: str, n: int) -> np.ndarray:
        """A hyperparameter as (n,) numbers."""
        value = getattr(self, name)
        if name == "clip_norm" and value is None:
            value = np.inf
        return check_numbers(name, value, n, 0.0, **BOUNDS.get(name, {}))

    def _rule_for(self, hyperparameters: dict[str, np.ndarray]) -> str:
        """The rule for some numbers: another one may be faster, and keep less."""
        return self.rule

    def _schedule(self, n: int) -> task.Schedule | None:
        """How each network's learning rate changes; None where none does."""
        names = [self.schedule] if isinstance(self.schedule, str) else self._schedules(n)
        for name in sorted(set(names)):
            check_choice("schedule", name, schedules.KINDS)
        kinds = [schedules.KINDS.index(name) for name in names]
        result = task.Schedule(
            kind=repeated(np.int8(kinds[0]), n) if len(kinds) == 1 else np.array(kinds, np.int8),
            decay=self._numbers("decay", n),
            minimum=self._numbers("minimum", n),
            warmup=self._numbers("warmup", n),
        )
        return result if any(kinds) or distinct(result.warmup).any() else None

    def _schedules(self, n: int) -> list[str]:
        """The names of schedules that were given as an array."""
        schedule = np.asarray(self.schedule)
        if schedule.shape not in ((), (n,)):
            raise ValueError(f"schedule has shape {schedule.shape}: give one name, or {n}")
        return [str(name) for name in np.atleast_1d(schedule)]


def stack_columns(columns: list[np.ndarray], n: int) -> np.ndarray:
    """(n, columns); where no column differs from network to network, one row repeated."""
    if any(column.strides[0] for column in columns):
        return np.stack(columns, axis=1)
    return repeated(np.array([column[0] for column in columns]), n)


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Stochastic gradient descent, ``torch.optim.SGD``.

    Parameters
    ----------
    momentum : at least 0
    nesterov : whether momentum looks ahead
    """

    momentum: Numbers = 0.0
    nesterov: bool | Sequence[bool] | np.ndarray = False

    rule = "sgd_momentum"

    def _rule_for(self, hyperparameters):
        nesterov = distinct(hyperparameters["nesterov"])
        if ((nesterov != 0.0) & (nesterov != 1.0)).any():
            raise ValueError(f"nesterov must be True or False, got {self.nesterov!r}")
        return self.rule if distinct(hyperparameters["momentum"]).any() else "sgd"


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), ``torch.optim.Adam``.

    Parameters
    ----------
    beta1, beta2 : from 0 to below 1
    epsilon : above 0
    """

    learning_rate: Numbers = 0.001
    beta1: Numbers = 0.9
    beta2: Numbers = 0.999
    epsilon: Numbers = 1e-8
    decoupled: ClassVar[float] = 0.0
    rule = "adam"


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019), ``torch.optim.AdamW``."""

    weight_decay: Numbers = 0.01
    decoupled = 1.0


@dataclass(frozen=True, kw_only=True)
class ScikitLearnSGD(SGD):
    """SGD of scikit-learn's MLPs: ``v = momentum * v - rate * g``, and v is added to the weights.

    With ``nesterov``, ``momentum * v - rate * g`` is. :class:`SGD` multiplies its velocity with the
    rate of the step, which is another thing where the rate changes.
    """

    rule = "sgd_velocity"

    def _rule_for(self, hyperparameters):
        super()._rule_for(hyperparameters)
        return self.rule


@dataclass(frozen=True, kw_only=True)
class ScikitLearnAdam(Adam):
    """Adam of scikit-learn's MLPs: epsilon is added before the bias is corrected.

    It is the second form in section 2 of Kingma and Ba (2015), whose epsilon has a hat.
    """

    rule = "adam_epsilon_hat"


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """RMSprop (Hinton's lecture 6e, 2012), ``torch.optim.RMSprop``.

    Parameters
    ----------
    alpha : smoothing, from 0 to below 1
    epsilon : above 0
    momentum : at least 0
    """

    alpha: Numbers = 0.99
    epsilon: Numbers = 1e-8
    momentum: Numbers = 0.0
    rule = "rmsprop"


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
