"""What a sweep was asked for, in groups: what it tries, where it is kept, what it may use."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, NamedTuple

from ..memory import free_memory
from ..training.dispatch import resolve_device
from ..version import __version__
from .halving import Halving
from .identity import settings_of
from .parts import SweepData
from .space import Space


class Search(NamedTuple):
    """Which networks are tried, for how many epochs each, and in how many seconds all."""

    space: Space
    sampler: Any
    networks: int
    epochs: int
    halving: Halving | None
    seed: int
    time: float | None = None


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

    @property
    def own_memory(self) -> int:
        """Bytes that networks in training may take in this process."""
        return free_memory() // 2 if self.memory is None else self.memory


def settings(
    data: SweepData, search: Search, resources: Resources, block: int | None
) -> dict[str, Any]:
    """All that a sweep's numbers depend on, as JSON has it: a resumed sweep's must be the same.

    ``block`` is how many networks each of its blocks has, if it is trained in blocks.

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
        "time": search.time,
        "block": block,
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
