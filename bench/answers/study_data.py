"""A study's table: its rows split, encoded as a sweep encodes them, and expanded by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ...sweeps.preparation import Part, Preparer
from ...sweeps.weights import Weighting
from ...tables.dataset import Dataset, dataset_of
from ...tables.roles import Roles

MOST_TEST_ROWS = 5000


class Parts(NamedTuple):
    """A table's rows.

    Attributes
    ----------
    dataset : the whole table
    train, validation, test : samples
    rows : numbers of the rows of each of the three
    """

    dataset: Dataset
    train: Part
    validation: Part
    test: Part
    rows: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def outputs(self) -> int:
        """Outputs of a network."""
        return self.dataset.target.outputs

    @property
    def is_classes(self) -> bool:
        """Whether the target is classes."""
        return self.dataset.target.kind == "classes"


def parts_of(facts: dict[str, Any], folder: Path, rows: int, split: int) -> Parts:
    """A table's parts.

    Parameters
    ----------
    facts : of a table, from ``tables.json``
    rows : the most that are trained on and ranked by; a fifth of them is ranked by
    split : seed
    """
    frame = pl.read_csv(folder / f"{facts['name']}.csv", infer_schema_length=None)
    dataset = dataset_of(frame, Roles(target=facts["target"]), task=facts["task"])
    order = np.random.default_rng(split).permutation(len(dataset.target.values))
    used = min(rows, int(0.75 * len(order)))
    ranked = used // 5
    numbers = (order[ranked:used], order[:ranked], order[used : used + MOST_TEST_ROWS])
    found, train = Preparer(dataset, Weighting(), split).prepare(numbers[0])
    validation, test = (found.part(dataset, own) for own in numbers[1:])
    return Parts(dataset, train, validation, test, numbers)


def expanded(name: str, train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Inputs by another encoding: "scaled", "quantile", or piecewise linear ones.

    A piecewise linear encoding (Gorishniy et al., 2022) is called "piecewise8" and so on, by its
    bins. After it, "-open" leaves the first and the last bin open, as in the paper, "-raw" leaves
    inputs between 0 and 1, "-centred" only centres them, "-0.5" scales them to that deviation
    instead of 1, "-plus" keeps the scaled column beside them. Columns of two values stay.
    """
    arrays = [train, *others]
    if name == "scaled":
        return arrays
    numbers = [k for k in range(train.shape[1]) if len(np.unique(train[:, k])) > 2]
    rest = [k for k in range(train.shape[1]) if k not in numbers]
    if not numbers:
        return arrays
    if name == "quantile":
        from sklearn.preprocessing import QuantileTransformer

        count = min(1000, len(train))
        own = QuantileTransformer(n_quantiles=count, output_distribution="normal")
        own.fit(train[:, numbers])
        new = [np.clip(own.transform(X[:, numbers]), -4.0, 4.0) for X in arrays]
    else:
        kind, *how = name.split("-")
        bins = int(kind.removeprefix("piecewise"))
        edges = [_edges(train[:, k], bins) for k in numbers]
        new = [_piecewise(X[:, numbers], edges, "open" in how) for X in arrays]
        if "raw" not in how:
            mean, deviation = new[0].mean(axis=0), new[0].std(axis=0)
            deviation = np.where(deviation > 1e-6, deviation, 1.0)
            given = [float(word) for word in how if word[0].isdigit()]
            deviation = deviation / given[0] if given else deviation
            if "centred" in how:
                deviation = 1.0
            new = [(X - mean) / deviation for X in new]
        if "plus" in how:
            new = [np.hstack([N, X[:, numbers]]) for N, X in zip(new, arrays, strict=True)]
    joined = [np.hstack([N, X[:, rest]]) for N, X in zip(new, arrays, strict=True)]
    return [np.ascontiguousarray(X, np.float32) for X in joined]


def _edges(column: np.ndarray, bins: int) -> np.ndarray:
    return np.unique(np.quantile(column.astype(np.float64), np.linspace(0.0, 1.0, bins + 1)))


def _piecewise(X: np.ndarray, edges: list[np.ndarray], is_open: bool) -> np.ndarray:
    columns = []
    for x, own in zip(X.T.astype(np.float64), edges, strict=True):
        shares = (x[:, None] - own[:-1]) / np.diff(own)
        low, high = np.zeros(len(own) - 1), np.ones(len(own) - 1)
        if is_open:
            low[0], high[-1] = -np.inf, np.inf
        columns.append(np.clip(shares, low, high))
    return np.hstack(columns)
