"""Expansions as tensors of a file: in its metadata, thousands of polylines would be megabytes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, chain, pairwise

import numpy as np

from .encoding.expansion import Expansion, Line


def to_tensors(expansion: Expansion, prefix: str) -> dict[str, np.ndarray]:
    """Its lines: ``sources``, how many ``knots`` each has, and all knots and values in a row."""
    lines = expansion.lines
    arrays = {
        "sources": np.array([line.source for line in lines], np.int64),
        "sizes": np.array([len(line.knots) for line in lines], np.int64),
        "knots": np.array([*chain.from_iterable(line.knots for line in lines)], np.float64),
        "values": np.array([*chain.from_iterable(line.values for line in lines)], np.float64),
    }
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def from_tensors(name: str, tensors: Mapping[str, np.ndarray], prefix: str) -> Expansion:
    """The expansion of a name that :meth:`to_tensors` took apart."""
    sources, sizes, knots, values = (
        tensors[f"{prefix}{part}"].tolist() for part in ("sources", "sizes", "knots", "values")
    )
    places = pairwise(accumulate(sizes, initial=0))
    return Expansion(
        name,
        tuple(
            Line(source, tuple(knots[first:last]), tuple(values[first:last]))
            for source, (first, last) in zip(sources, places, strict=True)
        ),
    )
