"""Which networks go on: successive halving (Jamieson and Talwalkar, 2016) and Hyperband.

A *rung* is an epoch after which only the best of a bracket go on. Hyperband (Li et al., 2018) has
several brackets, which begin with many networks and cut early, or with few and cut late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import check_choice, check_int

KINDS = ("successive", "hyperband")


@dataclass(frozen=True)
class Halving:
    """The rungs of a sweep's brackets.

    Parameters
    ----------
    kind : "successive" for one bracket, "hyperband" for all
    epochs : of a network that is never cut
    factor : of those that come to a rung one in so many goes on, for so many times the epochs
    least_epochs : before the first rung

    Raises
    ------
    TypeError, ValueError
        Another kind; a factor below 2; no rung before the last epoch.
    """

    kind: str
    epochs: int
    factor: int = 3
    least_epochs: int = 1

    def __post_init__(self) -> None:
        check_choice("halving", self.kind, KINDS)
        check_int("factor", self.factor, 2)
        check_int("least_epochs", self.least_epochs, 1)
        if not self._all_rungs():
            raise ValueError(
                f"least_epochs={self.least_epochs} leaves nothing to cut of {self.epochs} epochs"
            )

    def _all_rungs(self) -> list[int]:
        rungs = [self.least_epochs]
        while rungs[-1] < self.epochs:
            rungs.append(rungs[-1] * self.factor)
        return rungs[:-1]

    def brackets(self) -> list[list[int]]:
        """The rungs of each bracket, the most aggressive first; the last one's are none."""
        rungs = self._all_rungs()
        if self.kind == "successive":
            return [rungs]
        return [rungs[k:] for k in range(len(rungs) + 1)]

    def bracket_of(self, number: int) -> int:
        """The bracket of a trial: each has a share that lets all take about as long."""
        shares = self._shares()
        place = number % sum(shares)
        for bracket, share in enumerate(shares):
            if place < share:
                return bracket
            place -= share
        raise AssertionError("shares cover all places")

    def rungs_of(self, number: int) -> list[int]:
        """The rungs of a trial's bracket."""
        return self.brackets()[self.bracket_of(number)]

    def _shares(self) -> list[int]:
        """Networks of each bracket in one round, Hyperband's own."""
        count = len(self.brackets())
        if count == 1:
            return [1]
        return [-(-count * self.factor ** (count - 1 - k) // (count - k)) for k in range(count)]

    def losers(self, losses: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
        """Places of those that leave a rung, by their losses (NaN is the worst) and numbers."""
        stay = max(1, len(losses) // self.factor)
        order = np.lexsort((np.asarray(numbers), np.nan_to_num(losses, nan=np.inf)))
        return np.sort(order[stay:])
