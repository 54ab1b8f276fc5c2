"""A study's table: its rows split, encoded as a sweep encodes them, and expanded in many ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ... import read_table
from ...sweeps import preparation
from ...sweeps.preparation import Preparer
from ...sweeps.weights import Weighting
from ...tables.dataset import Dataset, dataset_of
from ...tables.encoding.expansion import DEVIATION, PIECEWISE, Expansion, Line
from ...tables.roles import Roles
from ...tables.scaling import Scaler
from .runners import RUNNERS
from .tables import Part

Facts = dict[str, Any]  # of a table, from ``tables.json``
MOST_TEST = 5000
FAR = 100.0  # widths of a bin that an open one goes on for


class Parts(NamedTuple):
    """A table's rows, encoded.

    Attributes
    ----------
    dataset : the whole table
    train, validation, test : samples
    target_scaler : of numbers
    bounded : for each input whether it is no number
    raw : rows to train on and be ranked by, and test rows, as rivals take them
    """

    dataset: Dataset
    train: preparation.Part
    validation: preparation.Part
    test: preparation.Part
    target_scaler: Scaler | None
    bounded: tuple[bool, ...]
    raw: tuple[Part, Part]

    @property
    def outputs(self) -> int:
        """Outputs of a network."""
        return self.dataset.target.outputs

    @property
    def kind(self) -> str:
        """Of the target: "classes" or "numbers"."""
        return self.dataset.target.kind


def frame_of(facts: Facts, folder: Path) -> pl.DataFrame:
    """A table's rows that have a target."""
    return read_table(folder / f"{facts['name']}.csv").drop_nulls(facts["target"])


def parts_of(facts: Facts, folder: Path, rows: int, split: int = 0) -> Parts:
    """A table's parts.

    Parameters
    ----------
    rows : the most that are trained on and ranked by; a fifth of them is ranked by
    split : seed
    """
    frame = frame_of(facts, folder)
    dataset = dataset_of(frame, Roles(target=facts["target"]), task=facts["task"])
    order = np.random.default_rng(split).permutation(len(frame))
    used = min(rows, int(0.75 * len(order)))
    ranked = used // 5
    known, held = order[:used], order[used : used + MOST_TEST]
    found, train = Preparer(dataset, Weighting(), split).prepare(order[ranked:used])
    validation, test = (found.part(dataset, own) for own in (order[:ranked], held))
    return Parts(
        *(dataset, train, validation, test, found.target_scaler, tuple(found.encoding.bounded)),
        raw=raw(frame, facts, known, held),
    )


def raw(
    frame: pl.DataFrame, facts: Facts, train: np.ndarray, test: np.ndarray
) -> tuple[Part, Part]:
    """Rows as rivals take them."""
    y, classes = frame[facts["target"]].to_numpy(), 0
    if facts["task"] == "classification":
        names, y = np.unique(y.astype(str), return_inverse=True)
        classes = len(names)
    X = frame.drop(facts["target"]).to_pandas()
    first, second = (
        Part(X.iloc[rows].reset_index(drop=True), y[rows], classes) for rows in (train, test)
    )
    return first, second


def rival_loss(name: str, train: Part, test: Part) -> float:
    """A rival's log loss, or root mean squared error, on test rows, at its defaults."""
    from .fit import loss

    return loss(test, RUNNERS[name].fit(train, 0)(test.X)[name])


def expansion_of(name: str, X: np.ndarray, bounded: tuple[bool, ...]) -> Expansion | None:
    """A number encoding as a sweep has it, or a variant of a piecewise linear one.

    After "piecewise8" and the like, "-1" scales each bin to that deviation, "-centred" centres bins
    between 0 and 1, "-raw" leaves them there, "-open" lets the first and the last bin go on, as in
    the paper (Gorishniy et al., 2022), and "-plus" keeps the scaled number beside its bins.
    """
    kind, *how = name.split("-")
    expansion = Expansion.fit(kind, X, bounded)
    if expansion is None or not kind.startswith(PIECEWISE):
        return expansion
    lines: list[Line] = []
    for source in range(len(bounded)):
        own = [line for line in expansion.lines if line.source == source]
        lines += _varied(own, how) if own[0].knots else own
    return replace(expansion, name=name, lines=tuple(lines))


def _varied(lines: list[Line], how: list[str]) -> list[Line]:
    """The bins of an input in another way."""
    for word in how:
        if word == "plus":
            lines = [*lines, Line(lines[0].source)]
        elif word == "open":
            lines[0] = _longer(lines[0], 0)
            lines[-1] = _longer(lines[-1], 1)
        else:
            lines = [_rescaled(line, word) for line in lines]
    return lines


def _rescaled(line: Line, word: str) -> Line:
    low, high = line.values
    if word == "raw":
        return line._replace(values=(0.0, 1.0))
    size = high - low if word == "centred" else DEVIATION / float(word)
    return line._replace(values=(low / size, high / size))


def _longer(line: Line, end: int) -> Line:
    """A bin that goes on beyond its first knot, or its last."""
    knots, values = [*line.knots], [*line.values]
    for ends in (knots, values):
        ends[end] += (2 * end - 1) * FAR * (ends[1] - ends[0])
    return line._replace(knots=tuple(knots), values=tuple(values))
