"""What a sweep is asked for where nobody says: how many networks, and how many epochs."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from ..checks import check_int, check_number
from .blocks import MOST
from .costs import RATE, typical_operations
from .defaults import usual_space_of
from .halving import Halving
from .hyperparameters import EPOCHS, PATIENT_EPOCHS
from .options import Search
from .parts import SweepData
from .space import Space
from .trainer import Trainer

SECONDS = 16.0  # that networks take by this guess, if neither they nor a time are given
FEWEST, MANY, STEP = 32, 128, 16  # networks then: a multiple of 16


def search_of(
    data: SweepData,
    *,
    space: Space | Mapping[str, Any] | None,
    networks: int | None,
    epochs: int | None,
    time: float | None,
    seed: int,
    sampler: Any,
    halving: str | Halving | None,
) -> Search:
    """Which networks are tried, from what a user said; see :func:`bpfast.sweep`.

    Raises
    ------
    TypeError, ValueError
        Bad input, such as more networks than a time is for.
    """
    if not isinstance(space, Space):
        space = Space(usual_space_of(data) if space is None else space)
    if epochs is None:
        is_patient = "patience" in {*space.fixed, *space.dimensions}
        epochs = PATIENT_EPOCHS if is_patient else EPOCHS
    epochs = check_int("epochs", epochs, 1)
    if isinstance(halving, str):
        halving = Halving(halving, epochs)
    if halving is not None and halving.epochs != epochs:
        raise ValueError(f"halving is for {halving.epochs} epochs, the sweep has {epochs}")
    search = Search(space, sampler, 0, epochs, halving, seed, check_time(time))
    return search._replace(networks=planned(data, search, networks))


def check_time(time: Any) -> float | None:
    """The seconds that a sweep may take; None for no bound.

    Raises
    ------
    TypeError, ValueError
        No such number: before, ``time`` was what is now ``time_column``.
    """
    if time is None:
        return None
    if isinstance(time, bool) or not isinstance(time, Real):
        raise TypeError(
            f"time must be a number of seconds, got {reprlib.repr(time)}: the column, or array, "
            "that says when rows were is time_column"
        )
    return check_number("time", float(time), 0.0, open_low=True)


def planned(data: SweepData, search: Search, networks: int | None) -> int:
    """How many networks a sweep will have: as many as are asked for, or all points of a grid.

    If it is not said, they are as many as a time allows; without one, so many as take SECONDS at
    RATE by a count of their operations, which is the same on every machine.

    Raises
    ------
    ValueError
        A grid that is larger than what is asked for, or a range without a step; more networks than
        one process holds, and a time.
    """
    if networks is not None:
        check_int("networks", networks, 1)
    if search.time is not None and networks is not None and networks > MOST:
        raise ValueError(
            f"networks={networks} and time={search.time:g}: with a time there are at most {MOST:,} "
            "networks; leave one of them out"
        )
    if search.sampler == "grid":
        return _points(search.space, networks)
    if networks is not None:
        return networks
    if search.time is not None:
        return MOST
    trainer = Trainer(data, search.epochs, search.seed, "auto", has_rungs=False)
    operations = typical_operations(trainer, search.space, search.halving)
    fitting = STEP * math.floor(SECONDS * RATE / operations / STEP)
    return int(np.clip(fitting, FEWEST, MANY))


def _points(space: Space, networks: int | None) -> int:
    """The points of a grid, which may not be more than what is asked for."""
    points = space.grid_size()
    if networks is not None and points > networks:
        raise ValueError(
            f"the grid has {points:,} points, and {networks:,} networks are asked for: ask for "
            f"networks={points}, or for the sampler 'random' to try a part "
            "of it"
        )
    return points
