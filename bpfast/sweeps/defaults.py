"""The space that a sweep tries if nobody says: it follows from the size of the data.

It was found on public tables that are not those that answers are judged on:
``bench/answers/study.py``, and ``bench/results/answers``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..tables.encoding.expansion import PIECEWISE, QUANTILE, SCALED, expanded_inputs
from .parts import SweepData

BINS = (12, 16, 8, 24, 6, 32, 4)  # where there is no room for all, the first
MOST_INPUTS = 1024  # of a network: with more, bins cost more than they bring
MOST_NUMBERS = 1 << 27  # in the rows of all number encodings together: half a gigabyte
# Rows of the tables that the study was made on, and the batch that was best there; with four times
# the rows it is twice as large.
ROWS, BATCH = 2400, 64
LEAST_BATCH, MOST_BATCH = 32, 1024


def usual_space_of(data: SweepData) -> dict[str, Any]:
    """What a sweep of these data varies by default, as a user would type it."""
    return usual_space(min(len(own) for own in data.folds.rows), data.encoding.bounded)


def usual_space(rows: int = ROWS, bounded: Sequence[bool] = (False,)) -> dict[str, Any]:
    """The same for so many training rows, and inputs of which some are numbers."""
    batch = _batch(rows)
    return {
        "optimizer": "adamw",
        "number_encoding": number_encodings(rows, bounded),
        "hidden": "64,128,32x32,64x64,128x128,32x32x32,64x64x64",
        "activation": "relu,silu",
        "learning_rate": "1e-3:3e-2:log",
        "weight_decay": "1e-3:1:log",
        "dropout": "0:0.3",
        "batch_size": f"{batch // 2},{batch},{2 * batch}",
        "schedule": "constant,cosine",
        "patience": 16,
    }


def number_encodings(rows: int, bounded: Sequence[bool]) -> str:
    """The number encodings for so many rows, and inputs of which some are numbers."""
    if all(bounded):
        return SCALED
    fitting, left = [], MOST_NUMBERS
    for name in (QUANTILE, *(f"{PIECEWISE}{bins}" for bins in BINS)):
        width = expanded_inputs(name, bounded)
        if width <= MOST_INPUTS and rows * width <= left:
            fitting.append(name)
            left -= rows * width
    return ",".join([SCALED, *fitting])


def _batch(rows: int) -> int:
    batch = BATCH * 2 ** math.floor(math.log(rows / ROWS, 4))
    return int(min(max(batch, LEAST_BATCH), MOST_BATCH))
