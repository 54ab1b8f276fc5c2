"""Real sweeps of the study's tables: the default space beside others, and beside boosted trees.

A sweep gets raw rows, as a user has them. Rows are held out once for each table, which no sweep
sees: a quarter, at most 5,000. Of the others at most 8,000 are trained on and ranked by.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ... import SweepResult, sweep
from ...sweeps.defaults import usual_space
from ...sweeps.folds import FOLDS, MOST_ROWS
from .fit import cpu_seconds
from .study_data import MOST_TEST, Facts, frame_of, raw
from .tables import Part

MOST = 8000
SEED = 1
# What a sweep varied before the study: its single winner was its answer.
EARLIER = {"learning_rate": "1e-4:1e-1:log", "hidden": "16,32,64", "l2": "1e-6:1e-2:log"}
SPACES = (
    *("default", "earlier default", "scaled inputs", "fewer encodings", "256 epochs"),
    *("wider", "batches doubled", "batches halved", "five folds"),
)
FEWER = "scaled,piecewise6,piecewise12,piecewise24"
WIDER = "128,256,64x64,128x128,256x256,64x64x64,128x128x128"
Run = dict[str, Any]


class Rows(NamedTuple):
    """A table's rows.

    Attributes
    ----------
    facts : of the table
    train, test : as a user has them
    raw : both as rivals take them
    """

    facts: Facts
    train: pl.DataFrame
    test: pl.DataFrame
    raw: tuple[Part, Part]

    @classmethod
    def of(cls, facts: Facts, folder: Path) -> Rows:
        """A table's."""
        frame = frame_of(facts, folder)
        order = np.random.default_rng(0).permutation(len(frame))
        held = min(len(frame) // 4, MOST_TEST)
        train, test = order[held : held + MOST], order[:held]
        return cls(facts, frame[train], frame[test], raw(frame, facts, train, test))


def options_of(usual: dict[str, Any], rows: int) -> dict[str, dict[str, Any]]:
    """What sweeps are given that the default is not, by their names in :data:`SPACES`.

    For few rows there are folds, as a sweep has them by itself; for many, other batches.
    """
    found: dict[str, dict[str, Any]] = {
        "default": {},
        "earlier default": {"space": EARLIER, "epochs": 30},
        "scaled inputs": {"space": usual | {"number_encoding": "scaled"}},
        "fewer encodings": {"space": usual | {"number_encoding": FEWER}},
        "256 epochs": {"epochs": 256},
        "wider": {"space": usual | {"hidden": WIDER}},
    }
    sizes = [int(size) for size in usual["batch_size"].split(",")]
    changed = {"batches doubled": [2 * k for k in sizes], "batches halved": [k // 2 for k in sizes]}
    for name, batches in changed.items() if rows >= MOST else ():
        found[name] = {"space": usual | {"batch_size": ",".join(map(str, batches))}}
    if rows <= MOST_ROWS:
        found["five folds"] = {"cv": FOLDS, "validation": None}
    return found


def compare(rows: Rows, names: Sequence[str], networks: int, seed: int = SEED) -> Iterator[Run]:
    """Sweep a table once for each name that there are options for.

    Yields
    ------
    dict, one for each sweep
        ``loss`` of the ensemble and ``single`` of the winner on the test rows, ``members`` of the
        ensemble, mean ``epochs``, ``cpu_seconds`` and ``seconds``.
    """
    if not names:
        return
    options = options_of(_usual(rows), len(rows.train))
    for name in names:
        if name in options:
            given = options[name] | {"networks": networks, "seed": seed}
            about = {"table": rows.facts["name"], "space": name, "networks": networks}
            yield about | _measured(rows, given)


def _usual(rows: Rows) -> dict[str, Any]:
    """The default space for these rows, as a sweep of a single network sees them."""
    tiny = {"learning_rate": 1e-3, "hidden": "1"}
    result = _sweep(rows, {"space": tiny, "networks": 1, "epochs": 1, "seed": SEED})
    assert result.encoding is not None
    return usual_space(len(result.rows["train"]), result.encoding.bounded)


def _sweep(rows: Rows, options: dict[str, Any]) -> SweepResult:
    facts = rows.facts
    return sweep(
        *(rows.train, facts["target"]),
        task=facts["task"],
        test_data=rows.test,
        **{"validation": 0.2, **options},
    )


def _measured(rows: Rows, options: dict[str, Any]) -> Run:
    began, used = time.perf_counter(), cpu_seconds()
    result = _sweep(rows, options)
    assert result.ensemble is not None
    return {
        "loss": -result.ensemble_test_score,
        "single": -float(result.table["test_score"][0]),
        "members": len(result.ensemble.members),
        "epochs": float(np.mean(result.table["epochs"])),
        "cpu_seconds": cpu_seconds() - used,
        "seconds": time.perf_counter() - began,
    }
