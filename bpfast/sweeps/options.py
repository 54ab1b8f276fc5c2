"""What a sweep was asked for, in groups: what it tries, where it is kept, what it may use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from ..training.dispatch import usable
from ..version import __version__
from .folds import Splitting
from .halving import Halving
from .identity import settings_of
from .parts import SweepData
from .space import USUAL, Space
from .study import planned


class Search(NamedTuple):
    """Which networks are tried, and for how many epochs."""

    space: Space
    sampler: Any
    networks: int
    epochs: int
    halving: Halving | None
    seed: int

    @classmethod
    def of(
        cls,
        space: Space | Mapping[str, Any] | None,
        sampler: Any,
        networks: int,
        epochs: int,
        halving: str | Halving | None,
        seed: int,
    ) -> Search:
        """From arguments of :func:`bpfast.sweep`; raises what they may not be."""
        if isinstance(halving, str):
            halving = Halving(halving, epochs)
        if halving is not None and halving.epochs != epochs:
            raise ValueError(f"halving is for {halving.epochs} epochs, the sweep has {epochs}")
        if not isinstance(space, Space):
            space = Space(USUAL if space is None else space)
        return cls(space, sampler, planned(space, sampler, networks), epochs, halving, seed)


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


def settings(
    data: SweepData, splitting: Splitting, search: Search, resources: Resources
) -> dict[str, Any]:
    """All that a sweep's numbers depend on, as JSON has it: a resumed sweep's must be the same.

    Raises
    ------
    DeviceError
        A device was asked for that is not here.
    """
    sampler, fingerprints = search.sampler, data.fingerprints
    is_named = isinstance(sampler, str)
    found = {
        "bpfast": __version__,
        "data": fingerprints["data"],
        "classes": fingerprints["classes"],
        "space": search.space.describe(),
        "sampler": sampler if is_named else type(sampler).__name__,
        "sampler_settings": None if is_named else settings_of(sampler),
        "networks": search.networks,
        "epochs": search.epochs,
        "validation": splitting.validation,
        "test": splitting.test,
        "cross_validation": splitting.cv is not None,
        "seed": search.seed,
        "device": resources.device,
        "halving": None if search.halving is None else asdict(search.halving),
        "folds": fingerprints["folds"],
        "held_out": fingerprints["held_out"],
    }
    if resources.client is None:  # workers of a cluster have devices of their own
        found["runs_on"] = usable(resources.device)
    return found
