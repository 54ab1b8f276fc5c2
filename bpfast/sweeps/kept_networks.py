"""Files of the networks that a sweep keeps while it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..files import read_tensors, write_tensors
from ..training.population import Population


def write_networks(path: Path, networks: Mapping[int, Population]) -> None:
    """Write the networks of some trials, by the trials' numbers: whole, or not at all."""
    tensors: dict[str, np.ndarray] = {}
    described = {}
    for number, population in networks.items():
        own, described[number] = population.to_tensors()
        tensors |= {f"{number}/{name}": tensor for name, tensor in own.items()}
    write_tensors(path, tensors, {"networks": json.dumps(described)})


def read_networks(path: Path) -> dict[int, Population]:
    """What :func:`write_networks` wrote."""
    tensors, metadata = read_tensors(path)
    by_number: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        number, own_name = name.split("/")
        by_number.setdefault(number, {})[own_name] = tensor
    described = json.loads(metadata["networks"])
    return {
        int(number): Population.from_tensors(by_number[number], own)
        for number, own in described.items()
    }
