"""Expansions in an ONNX graph: polylines of scaled inputs, as :mod:`.encoding.expansion` has them.

Polylines of two knots are float32's arithmetic, and those of more are float64's, there and here:
what a network is given is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..training.onnx_graph import DOUBLE, Graph
from .encoding.expansion import Expansion, Line

SINGLE, INTEGER = np.dtype(np.float32), np.dtype(np.int64)


def add_expansion(graph: Graph, expansion: Expansion, scaled: str) -> str:
    """The outputs (samples, outputs) float32, for scaled inputs (samples, inputs) float32."""
    kinds = [min(len(line.knots), 3) for line in expansion.lines]
    parts, order = [], []
    for kind, add in {0: _add_inputs, 2: _add_ramps, 3: _add_polylines}.items():
        if kind in kinds:
            own = [k for k, other in enumerate(kinds) if other == kind]
            lines = [expansion.lines[k] for k in own]
            sources = np.array([line.source for line in lines])
            parts.append(add(graph, graph.add("Gather", scaled, sources, axis=1), lines))
            order += own
    if len(parts) == 1:
        return parts[0]
    return graph.add("Gather", graph.add("Concat", *parts, axis=1), np.argsort(order), axis=1)


def _add_inputs(graph: Graph, x: str, lines: Sequence[Line]) -> str:
    """Inputs that stay as they are."""
    return x


def _add_ramps(graph: Graph, x: str, lines: Sequence[Line]) -> str:
    """Polylines of two knots."""
    first, last = np.array([line.knots for line in lines]).T
    low, high = np.array([line.values for line in lines]).T
    above = graph.add("Sub", x, first.astype(SINGLE))
    place = graph.add("Div", above, (last - first).astype(SINGLE))
    place = graph.add("Clip", place, SINGLE.type(0.0), SINGLE.type(1.0))
    risen = graph.add("Mul", place, (high - low).astype(SINGLE))
    return graph.add("Add", risen, low.astype(SINGLE))


def _add_polylines(graph: Graph, x: str, lines: Sequence[Line]) -> str:
    """Polylines of more knots; the last knot that is not above a number is found by halving."""
    width = 1 << (max(len(line.knots) for line in lines) - 1).bit_length()
    knots = np.full((len(lines), width), np.inf)
    values, slopes = np.zeros(knots.shape), np.zeros(knots.shape)
    for k, line in enumerate(lines):
        n = len(line.knots)
        knots[k, :n], values[k, :n] = line.knots, line.values
        slopes[k, : n - 1] = np.diff(line.values) / np.diff(line.knots)
    x = graph.add("Max", graph.cast(x, DOUBLE), knots[:, 0])
    x = graph.add("Min", x, np.array([line.knots[-1] for line in lines]))
    place: str | np.ndarray = width * np.arange(len(lines))
    while width > 1:
        width //= 2
        further = graph.add("Gather", knots.ravel(), graph.add("Add", place, np.array(width)))
        is_there = graph.cast(graph.add("LessOrEqual", further, x), INTEGER)
        place = graph.add("Add", place, graph.add("Mul", is_there, np.array(width)))
    knot, value, slope = (
        graph.add("Gather", table.ravel(), place) for table in (knots, values, slopes)
    )
    risen = graph.add("Mul", slope, graph.add("Sub", x, knot))
    return graph.cast(graph.add("Add", risen, value), SINGLE)
