"""What each member of an ensemble says of a table, in blocks of rows that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..memory import check_memory
from .input_info import is_array
from .member import Group
from .reading.frames import as_frame, is_table

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
    if not (rows := _rows(scaled)):
        raise ValueError("X has no rows")
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


def encode_side_by_side(groups: Sequence[Group], X: Any) -> np.ndarray:
    """The different inputs of all members, side by side, in the order of groups.

    They are (rows, inputs of all), in a dtype that holds each group's.
    """
    scaled = _scaled(groups, X)
    dtype = np.result_type(*(group.population.dtype for group in groups))
    different = {id(group.inputs): group for group in groups}
    width = sum(group.mlp.inputs for group in different.values())
    check_memory(f"inputs of {_rows(scaled)} rows", _rows(scaled) * width, dtype)
    return np.concatenate(
        [group.inputs.expand(scaled[_stage(group)], dtype) for group in different.values()], axis=1
    )


def _scaled(groups: Sequence[Group], X: Any) -> dict[Stage, np.ndarray]:
    """All rows before expansions, encoded and scaled in each different way once.

    This is not done block by block, since how text in a column is read depends on all of it.
    """
    if is_table(X) and not any(is_array(group.inputs.encoding) for group in groups):
        X = as_frame(X)  # now, and not for each encoding
    scaled: dict[Stage, np.ndarray] = {}
    for group in groups:
        if (stage := _stage(group)) not in scaled:
            scaled[stage] = group.inputs.scaled(X, stage[-1])
    return scaled


def _rows(scaled: dict[Stage, np.ndarray]) -> int:
    return len(next(iter(scaled.values())))


def _stage(group: Group) -> Stage:
    inputs, dtype = group.inputs, group.population.dtype
    if inputs.expansion is not None:
        dtype = np.dtype(np.float32)
    return id(inputs.encoding), id(inputs.scaler), dtype
