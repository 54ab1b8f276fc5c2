"""What each member of an ensemble says of a table, in blocks of rows that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..memory import check_memory
from .member import Group

BLOCK_BYTES = 1 << 26  # of inputs and of all members' predictions, that are held at a time
COPIES = 4  # of predictions, while they are brought to units

Stage = tuple[int, int, np.dtype]  # an encoding, a scaler, and the dtype of what they make


def said_by_members(
    groups: Sequence[Group], X: Any, transform: str, device: str
) -> Iterator[np.ndarray]:
    """What each member says of some rows after others: (members, rows, outputs) float64.

    Parameters
    ----------
    groups : of all members
    X, device : as for :meth:`bpfast.Ensemble.predict`
    transform : of the target
    """
    scaled = _scaled(groups, X)
    rows = len(next(iter(scaled.values())))
    members, outputs = sum(len(group.members) for group in groups), groups[0].mlp.outputs
    check_memory(f"predictions of {rows} rows", rows * outputs, "float64")
    numbers = COPIES * members * outputs + max(group.mlp.inputs for group in groups)
    size = max(1, BLOCK_BYTES // (8 * numbers))
    for first in range(0, rows, size):
        block = {stage: values[first : first + size] for stage, values in scaled.items()}
        said = np.empty((members, min(size, rows - first), outputs))
        for _, alike in groupby(groups, lambda group: (id(group.inputs), group.population.dtype)):
            own = [*alike]
            inputs = own[0].inputs.expand(block[_stage(own[0])], own[0].population.dtype)
            for group in own:
                said[[*group.members]] = group.said(inputs, transform, device)
        yield said


def _scaled(groups: Sequence[Group], X: Any) -> dict[Stage, np.ndarray]:
    """All rows before expansions, encoded and scaled in each different way once.

    This is not done block by block, since how text in a column is read depends on all of it.
    """
    scaled: dict[Stage, np.ndarray] = {}
    for group in groups:
        if (stage := _stage(group)) not in scaled:
            scaled[stage] = group.inputs.scaled(X, stage[-1])
    return scaled


def _stage(group: Group) -> Stage:
    inputs, dtype = group.inputs, group.population.dtype
    if inputs.expansion is not None:
        dtype = np.dtype(np.float32)
    return id(inputs.encoding), id(inputs.scaler), dtype
