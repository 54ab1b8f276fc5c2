"""What a sweep was asked for, in groups: what it tries, where it is kept, what it may use."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, NamedTuple

from ..training.dispatch import resolve_device
from ..version import __version__
from .halving import Halving
from .identity import settings_of
from .parts import SweepData
from .space import Space


class Search(NamedTuple):
    """Which networks are tried, and for how many epochs each."""

    space: Space
    sampler: Any
    networks: int
    epochs: int
    halving: Halving | None
    seed: int


class Persistence(NamedTuple):
    """Where a sweep is kept, and whether it goes on with what is there."""

    run: str | os.PathLike | None
    storage: Any
    study_name: str
    resume: bool


class Resources(NamedTuple):
    """What trains the networks: a device here, or a Dask cluster; and bytes of memory."""

    device: str
    client: Any
    memory: int | None


def settings(data: SweepData, search: Search, resources: Resources) -> dict[str, Any]:
    """All that a sweep's numbers depend on, as JSON has it: a resumed sweep's must be the same.

    Raises ``DeviceError`` for a device that is not here.
    """
    sampler, fingerprints = search.sampler, data.fingerprints
    is_named = isinstance(sampler, str)
    found = {
        "bpfast": __version__,
        **data.choices,
        "data": fingerprints["data"],
        "classes": fingerprints["classes"],
        "space": search.space.describe(),
        "sampler": sampler if is_named else type(sampler).__name__,
        "sampler_settings": None if is_named else settings_of(sampler),
        "networks": search.networks,
        "epochs": search.epochs,
        "seed": search.seed,
        "device": resources.device,
        "halving": None if search.halving is None else asdict(search.halving),
        "folds": fingerprints["folds"],
        "held_out": fingerprints["held_out"],
    }
    if resources.client is None:  # workers of a cluster have devices of their own
        found["runs_on"] = resolve_device(resources.device)
    return found
