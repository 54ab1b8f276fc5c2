"""Learning rates that change from epoch to epoch, by the same formulas on the host and on GPUs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .task import Optimizer, Schedule, distinct

KINDS = CONSTANT, EXPONENTIAL, COSINE = ("constant", "exponential", "cosine")


def unfolded(optimizer: Optimizer, epochs: int, xp: Any = np) -> Optimizer:
    """The same optimiser with rates for every epoch in place of a schedule.

    Its arrays are those of ``xp``: NumPy, or CuPy.
    """
    if optimizer.schedule is None:
        return optimizer
    rates = distinct(optimizer.rates) * _factors(optimizer.schedule, epochs, xp)
    if len(rates) == 1:  # what all networks have alike stays one row
        rates = xp.broadcast_to(rates, (len(optimizer.rates), epochs))
    return replace(optimizer, rates=rates, schedule=None)


def _factors(schedule: Schedule, epochs: int, xp: Any) -> Any:
    """What rates are multiplied with, (n, epochs), or (1, epochs) where all networks have one."""
    kind, decay, minimum, warmup = (distinct(a)[:, None] for a in vars(schedule).values())
    epoch = xp.arange(epochs, dtype=np.float64)
    since = xp.maximum(epoch - warmup, 0.0)  # epochs since the warm-up ended
    wave = xp.cos(np.pi * since / xp.maximum(epochs - warmup, 1.0))
    cosine = minimum + (1.0 - minimum) * 0.5 * (1.0 + wave)
    factor = xp.where(kind == KINDS.index(COSINE), cosine, 1.0)
    factor = xp.where(kind == KINDS.index(EXPONENTIAL), decay**since, factor)
    return factor * xp.minimum((epoch + 1.0) / xp.maximum(warmup, 1.0), 1.0)


def constant_for(schedule: Schedule | None, networks: np.ndarray) -> Schedule | None:
    """A schedule that leaves the rates of some networks, by their numbers, as they are."""
    if schedule is None:
        return None
    kind, warmup = np.array(schedule.kind), np.array(schedule.warmup)
    kind[networks], warmup[networks] = KINDS.index(CONSTANT), 0.0
    return replace(schedule, kind=kind, warmup=warmup)
