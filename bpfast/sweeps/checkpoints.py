"""Checkpoints of trials under way: their networks' parameters and optimisers' moments, in a file.

A fit holds the tensors of all its networks in one array each; a trial keeps its own rows of them,
so that trials can be grouped anew for each fit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files import read_tensors, write_tensors
from .trials import FitGroup, State, Trial


class Checkpoint(NamedTuple):
    """How far a trial was: what its training goes on from, and the rungs that it came to."""

    state: State
    epoch: int
    rungs: dict[int, float]


def joined(states: Sequence[State]) -> State:
    """Tensors of a training of some trials: all on fold 0 first, then all on fold 1, ..."""
    tensors = {}
    for name in states[0]:
        rows = [state[name] for state in states]
        if name == "moments":  # SGD keeps none where no network of a fit has momentum
            count = max(moments.shape[1] for moments in rows)
            rows = [np.pad(m, ((0, 0), (0, count - m.shape[1]), (0, 0))) for m in rows]
        array = np.stack(rows, axis=1)
        tensors[name] = array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])
    return tensors


def parted(tensors: State, folds: int) -> list[State]:
    """Each trial's own rows of those of a training's tensors that have any."""
    trials = len(tensors["status"]) // folds
    filled = {name: array for name, array in tensors.items() if len(array)}
    return [
        {name: array[k::trials].copy() for name, array in filled.items()} for k in range(trials)
    ]


def write_checkpoint(path: Path, trials: Sequence[Trial]) -> None:
    """Write trials that have a state, in place of what the file has."""
    groups: dict[tuple[FitGroup, int], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.group, trial.epoch), []).append(trial)
    tensors: dict[str, np.ndarray] = {}
    described = []
    for k, ((_, epoch), group) in enumerate(groups.items()):
        states = joined([trial.state for trial in group if trial.state is not None])
        tensors |= {f"{k}/{name}": tensor for name, tensor in states.items()}
        rungs = [trial.rungs for trial in group]
        described.append([[trial.number for trial in group], epoch, rungs])
    write_tensors(path, tensors, {"groups": json.dumps(described)})


def read_checkpoint(path: Path) -> dict[int, Checkpoint]:
    """What a file has, by the trials' numbers; nothing where there is no file."""
    if not path.exists():
        return {}
    tensors, metadata = read_tensors(path)
    found = {}
    for k, (numbers, epoch, rungs) in enumerate(json.loads(metadata["groups"])):
        own = {n.split("/")[1]: t for n, t in tensors.items() if n.startswith(f"{k}/")}
        states = parted(own, len(own["status"]) // len(numbers))
        for number, state, passed in zip(numbers, states, rungs, strict=True):
            passed_by_epoch = {int(rung): value for rung, value in passed}
            found[number] = Checkpoint(state, epoch, passed_by_epoch)
    return found
