"""An ensemble in one safetensors file.

Networks of one architecture are stacked: ``networks.0.weights.0`` (networks, d_in, d_out) and so on
are those of the first. Encodings, scalers and expansions that members share are written once, and
referred to by their numbers. What is no array is JSON in the metadata, under ``ensemble``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..files import read_tensors, write_tensors
from ..training.population import FORMAT, Population
from . import expansion_tensors
from .encoding.encoding import Encoding
from .input_info import InputInfo
from .member import Member, stacked
from .model import ENSEMBLE_FORMAT, MODEL
from .scaling import Scaler

ENSEMBLE = "ensemble"  # in the metadata
T = TypeVar("T")


def write_ensemble(path: Path, members: Sequence[Member], known: Mapping[str, Any]) -> None:
    """Write members and all else that is known of an ensemble, whole or not at all.

    Raises
    ------
    OSError
        The file cannot be written; what was there before is as it was.
    """
    populations: dict[Any, list[Population]] = {}
    inputs, encodings, scalers, expansions = _Shared(), _Shared(), _Shared(), _Shared()
    described: dict[str, Any] = {**known, "members": []}
    described["score"] = None if math.isnan(known["score"]) else known["score"]
    for network, fold, weight, population, own_inputs, target_scaler in members:
        populations.setdefault((population.mlp, population.dtype), []).append(population)
        described["members"].append(
            {
                "network": int(network),
                "fold": int(fold),
                "weight": float(weight),
                "networks": [*populations].index((population.mlp, population.dtype)),
                "inputs": inputs.number(own_inputs),
                "target_scaler": scalers.number(target_scaler),
            }
        )
    described["inputs"] = [
        {
            "encoding": encodings.number(own.encoding),
            "scaler": scalers.number(own.scaler),
            "expansion": expansions.number(own.expansion),
        }
        for own in inputs.objects
    ]
    described["encodings"] = [encoding.to_plain() for encoding in encodings.objects]
    described["scalers"] = [scaler.to_plain() for scaler in scalers.objects]
    described["expansions"] = [expansion.name for expansion in expansions.objects]
    tensors: dict[str, np.ndarray] = {}
    described["networks"] = []
    for k, alike in enumerate(populations.values()):
        arrays, metadata = stacked(alike).to_tensors()
        described["networks"].append(metadata)
        tensors |= {f"networks.{k}.{name}": array for name, array in arrays.items()}
    for k, expansion in enumerate(expansions.objects):
        tensors |= expansion_tensors.to_tensors(expansion, f"expansions.{k}.")
    text = json.dumps(described, allow_nan=False)
    write_tensors(path, tensors, {"format": ENSEMBLE_FORMAT, ENSEMBLE: text})


def read_ensemble(path: Path) -> tuple[tuple[Member, ...], dict[str, Any]]:
    """The members, and all else that :func:`write_ensemble` was given.

    Raises
    ------
    ValueError, OSError
        The file is not an ensemble's; it cannot be read.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("format") == FORMAT:
        other = "Model" if MODEL in metadata else "Population"
        raise ValueError(f"{path} is not an ensemble's: use bpfast.{other}.load")
    if metadata.get("format") != ENSEMBLE_FORMAT:
        raise ValueError(f"{path} is no ensemble: Ensemble.save and bpfast sweep write them")
    described = json.loads(metadata[ENSEMBLE])
    scalers = [Scaler.from_plain(plain) for plain in described.pop("scalers")]
    encodings = [Encoding.from_plain(plain) for plain in described.pop("encodings")]
    expansions = [
        expansion_tensors.from_tensors(name, tensors, f"expansions.{k}.")
        for k, name in enumerate(described.pop("expansions"))
    ]
    inputs = [
        InputInfo(
            encodings[own["encoding"]],
            scalers[own["scaler"]],
            _of(expansions, own["expansion"]),
        )
        for own in described.pop("inputs")
    ]
    networks = [
        iter(_networks(tensors, plain, f"networks.{k}."))
        for k, plain in enumerate(described.pop("networks"))
    ]
    members = tuple(
        Member(
            network=own["network"],
            fold=own["fold"],
            weight=own["weight"],
            population=next(networks[own["networks"]]),
            inputs=inputs[own["inputs"]],
            target_scaler=_of(scalers, own["target_scaler"]),
        )
        for own in described.pop("members")
    )
    score = described["score"]
    return members, described | {"score": math.nan if score is None else score}


def _networks(
    tensors: Mapping[str, np.ndarray], metadata: dict[str, str], prefix: str
) -> Iterator[Population]:
    """The networks of one architecture, one by one."""
    own = {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
    networks = Population.from_tensors(own, metadata)
    return (networks[k] for k in range(len(networks)))


class _Shared:
    """Objects that several others refer to, each once, with their numbers."""

    def __init__(self) -> None:
        self.objects: list[Any] = []

    def number(self, thing: Any) -> int | None:
        """The number of an object; ``None`` has none."""
        if thing is None:
            return None
        for k, other in enumerate(self.objects):
            if other is thing:
                return k
        self.objects.append(thing)
        return len(self.objects) - 1


def _of(things: Sequence[T], number: int | None) -> T | None:
    return None if number is None else things[number]
