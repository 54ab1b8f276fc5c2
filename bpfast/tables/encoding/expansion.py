"""Numbers as more inputs than one, or on another scale: what a sweep may try beside scaling them.

An expansion follows the encoding of a table's columns and their scaling. Each of its outputs is one
of the scaled inputs as it is, or a polyline of one: straight between knots, constant beyond them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from .input_scales import LEAST_SCALE

SCALED, QUANTILE, PIECEWISE = "scaled", "quantile", "piecewise"
MOST_BINS = 1024
QUANTILES = 256  # parts of the training rows that a quantile-normal input tells apart
# Of the bins of a column: all of them move at once, and with 1 for each the column would outweigh
# others (bench/results/answers tells what other numbers came to).
DEVIATION = 0.4
AT_A_TIME = 1 << 16  # outputs, which the caches hold
LEAST_SHARE = 1e-3  # of rows below a number: the normal deviates of 0 and 1 are infinite


class Line(NamedTuple):
    """An output of an expansion.

    Attributes
    ----------
    source : number of the input that it is made of
    knots, values : the polyline's, knots growing; none where the input stays as it is
    """

    source: int
    knots: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    def of(self, x: np.ndarray) -> np.ndarray:
        """The output for (rows,) values of its input."""
        if not self.knots:
            return x
        if len(self.knots) > 2:
            return np.interp(x, self.knots, self.values)
        return _ramp(x, *self.knots, *self.values)


@dataclass(frozen=True)
class Expansion:
    """What scaled inputs become.

    Parameters
    ----------
    name : "quantile", or "piecewise" with a number of bins
    lines : of each output, in the inputs' order
    """

    name: str
    lines: tuple[Line, ...]

    @classmethod
    def fit(cls, name: str, X: np.ndarray, bounded: Sequence[bool]) -> Expansion | None:
        """Find an expansion in training rows.

        "quantile" brings each input to a normal distribution, by its quantiles, as scikit-learn's
        ``QuantileTransformer``. "piecewise8" makes an input for each of 8 bins with equally many
        rows: constant below its bin and above it, and straight within (Gorishniy et al., "On
        Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022; constant beyond
        the ends, too, where theirs go on). Bins of columns with few different numbers are fewer.

        Parameters
        ----------
        X : (rows, inputs) float32, scaled
        bounded : for each input whether it stays as it is, as zeros and ones do

        Returns
        -------
        Expansion, or None for "scaled", where inputs stay as they are

        Raises
        ------
        ValueError
            A name that is not known.
        """
        check_number_encoding(name)
        if name == SCALED:
            return None
        lines: list[Line] = []
        for source, stays in enumerate(bounded):
            edges = np.empty(0) if stays else _edges(X[:, source], _parts(name))
            if len(edges) < 2:
                lines.append(Line(source))
            elif name == QUANTILE:
                lines.append(_quantile_line(source, X[:, source], edges))
            else:
                lines.extend(_bins(source, X[:, source], edges))
        return cls(name, tuple(lines))

    def apply(self, X: np.ndarray) -> np.ndarray:
        """The outputs, (rows, outputs) float32, for scaled inputs (rows, inputs)."""
        expanded = np.empty((len(X), len(self.lines)), np.float32)
        for k, line in enumerate(self.lines):
            if len(line.knots) != 2:
                expanded[:, k] = line.of(X[:, line.source])
        sources, *ends = self._ramps
        size = max(1, AT_A_TIME // max(1, len(sources)))
        for first in range(0, len(X) if len(sources) else 0, size):
            rows = slice(first, first + size)
            risen = _ramp(X[rows].take(sources, axis=1), *ends)
            for place, own in self._places:
                expanded[rows, place] = risen[:, own]
        return expanded

    @cached_property
    def _ramps(self) -> tuple[np.ndarray, ...]:
        """Of lines with two knots: their sources, knots and values."""
        lines = [line for line in self.lines if len(line.knots) == 2]
        ends = np.array([(*line.knots, *line.values) for line in lines]).reshape(-1, 4)
        return np.array([line.source for line in lines], np.intp), *ends.T

    @cached_property
    def _places(self) -> list[tuple[slice, slice]]:
        """Where lines with two knots follow each other: among all lines, and among their like."""
        numbers = [k for k, line in enumerate(self.lines) if len(line.knots) == 2]
        starts = [j for j, k in enumerate(numbers) if not j or numbers[j - 1] != k - 1]
        return [
            (slice(numbers[i], numbers[i] + j - i), slice(i, j))
            for i, j in pairwise([*starts, len(numbers)])
        ]

    def features(self, names: Sequence[str]) -> list[str]:
        """Names of the outputs, such as "age" and "age bin 3", for those of the inputs."""
        own = [line.source for line in self.lines]
        counts = {source: own.count(source) for source in {*own}}
        seen = dict.fromkeys(own, 0)
        found = []
        for source in own:
            seen[source] += 1
            many = counts[source] > 1
            found.append(f"{names[source]} bin {seen[source]}" if many else names[source])
        return found

    def to_plain(self) -> dict[str, Any]:
        """All of it for JSON."""
        return {
            "name": self.name,
            "lines": [[line.source, line[1], line[2]] for line in self.lines],
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Expansion:
        """What :meth:`to_plain` described."""
        lines = (Line(source, tuple(k), tuple(v)) for source, k, v in plain["lines"])
        return cls(plain["name"], tuple(lines))


def _ramp(x: np.ndarray, first: Any, last: Any, low: Any, high: Any) -> np.ndarray:
    """Straight from one knot to the next, in float32; knots and values are numbers or arrays."""
    position = np.clip((x - np.float32(first)) / np.float32(last - first), 0.0, 1.0)
    return np.float32(low) + np.float32(high - low) * position


def check_number_encoding(name: Any) -> None:
    """Raise ``ValueError`` for a name of no number encoding."""
    if name in (SCALED, QUANTILE):
        return
    found = re.fullmatch(rf"{PIECEWISE}([1-9]\d*)", name) if isinstance(name, str) else None
    if found is None or int(found[1]) > MOST_BINS:
        raise ValueError(
            f"number_encoding={name!r} is not known: choose from {SCALED}, {QUANTILE}, and "
            f"{PIECEWISE}4 or other numbers of bins up to {MOST_BINS:,}"
        )


def expanded_inputs(name: str, bounded: Sequence[bool]) -> int:
    """How many outputs an expansion of that name has, at most."""
    numbers = len(bounded) - sum(bounded)
    return sum(bounded) + numbers * (_parts(name) if name.startswith(PIECEWISE) else 1)


def _parts(name: str) -> int:
    return QUANTILES if name == QUANTILE else int(name.removeprefix(PIECEWISE))


def _edges(x: np.ndarray, parts: int) -> np.ndarray:
    """Different numbers of the training rows that cut them into so many parts, or fewer."""
    return np.unique(np.quantile(x, np.linspace(0.0, 1.0, parts + 1), method="inverted_cdf"))


def _bins(source: int, x: np.ndarray, edges: np.ndarray) -> list[Line]:
    """An output for each bin, of mean 0 and the same deviation as other bins."""
    lines = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        position = Line(source, (first, last), (0.0, 1.0)).of(x)
        mean = float(position.mean(dtype=np.float64))
        size = DEVIATION / max(float(position.std(dtype=np.float64)), LEAST_SCALE)
        lines.append(Line(source, (first, last), (-mean * size, (1.0 - mean) * size)))
    return lines


def _quantile_line(source: int, x: np.ndarray, knots: np.ndarray) -> Line:
    """The normal deviate of each knot's place among the training rows, ties in the middle."""
    ordered = np.sort(x)
    places = 0.5 * (np.searchsorted(ordered, knots) + np.searchsorted(ordered, knots, "right"))
    shares = np.clip(places / len(x), LEAST_SHARE, 1.0 - LEAST_SHARE)
    return Line(source, tuple(knots.tolist()), tuple(map(NormalDist().inv_cdf, shares.tolist())))
