"""The best networks of a sweep so far: one of them is its winner, some of them its ensemble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..training.population import Population
from .trials import Row, rank

MOST = 256  # candidates
MOST_PARAMETERS = 1 << 27  # of all of them: half a gigabyte


class Candidate(NamedTuple):
    """A trial that may be chosen: its row of the table, and its networks, one a fold."""

    row: Row
    networks: Population


class Candidates:
    """The trials that come first by rank, as many as there is room for.

    Which they are does not depend on the order in which they are offered: all that are left out
    rank below all that are kept.

    Parameters
    ----------
    most : of them
    most_parameters : of all their networks
    """

    def __init__(self, most: int = MOST, most_parameters: int = MOST_PARAMETERS) -> None:
        self._most, self._most_parameters = most, most_parameters
        self._kept: dict[tuple[float, int], Candidate] = {}
        self._limit = (np.inf, 0)  # the rank of the first that was left out, or of no score

    def __iter__(self) -> Iterator[Candidate]:
        """The candidates, best first."""
        return (self._kept[place] for place in sorted(self._kept))

    @property
    def worst(self) -> float:
        """The score below which none is kept."""
        return -self._limit[0]

    @property
    def best(self) -> Candidate | None:
        """The first of all; None where no network has a score."""
        return self._kept[min(self._kept)] if self._kept else None

    def wants(self, row: Row) -> bool:
        """Whether a trial with this row would be kept."""
        return rank(row) < self._limit and rank(row) not in self._kept

    def has_room(self, row: Row, parameters: int) -> bool:
        """Whether so many parameters fit, too; if not, the trial and all after it are left out."""
        before = [own.networks.parameters.size for at, own in self._kept.items() if at < rank(row)]
        fits = not before or sum(before) + parameters <= self._most_parameters
        if not fits:
            self._leave_out_from(rank(row))
        return fits

    def offer(self, row: Row, networks: Population) -> None:
        """Keep a trial's networks, if it ranks before others that are kept then no more."""
        if self.wants(row):
            self._kept[rank(row)] = Candidate(row, networks)
            self._leave_out()

    def _leave_out(self) -> None:
        parameters = 0
        for k, place in enumerate(sorted(self._kept)):
            parameters += self._kept[place].networks.parameters.size
            if k and (k >= self._most or parameters > self._most_parameters):
                self._leave_out_from(place)
                break

    def _leave_out_from(self, limit: tuple[float, int]) -> None:
        self._limit = limit
        for place in [own for own in self._kept if own >= limit]:
            del self._kept[place]


def best_indices(scores: np.ndarray, worst: float) -> list[int]:
    """Which of some trials may be kept, by their scores: the best, none below the worst kept."""
    order = np.argsort(-scores, kind="stable")[:MOST]
    return [int(k) for k in order if scores[k] > -np.inf and scores[k] >= worst]
