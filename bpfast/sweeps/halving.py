"""Which networks are pruned: successive halving (Jamieson and Talwalkar, 2016) and Hyperband.

A *rung* is an epoch after which only the best of a bracket go on. Hyperband (Li et al., 2018) has
several brackets, which begin with many networks and prune early, or with few and prune late.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from ..checks import check_choice, check_int
from .trials import Trial

KINDS = ("successive", "hyperband")


@dataclass(frozen=True)
class Halving:
    """The rungs of a sweep's brackets.

    Parameters
    ----------
    kind : "successive" for one bracket, "hyperband" for all
    epochs : of a network that is never pruned
    factor : one in so many of those that come to a rung goes on, for so many times the epochs
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
        """The bracket of a trial, by its number: all brackets take about as long."""
        ends = [*accumulate(self._bracket_sizes())]
        return bisect_right(ends, number % ends[-1])

    def rungs_of(self, number: int) -> list[int]:
        """The rungs of a trial's bracket."""
        return self.brackets()[self.bracket_of(number)]

    def epochs_left(self, number: int, epoch: int = 0) -> float:
        """Epochs of a trial from one on, on average, if one in ``factor`` goes on at each rung."""
        stops = [rung for rung in [*self.rungs_of(number), self.epochs] if rung > epoch]
        ways = zip([epoch, *stops], stops, strict=False)
        return sum((end - begin) / self.factor**k for k, (begin, end) in enumerate(ways))

    def mean_epochs(self) -> float:
        """Epochs of a trial on average over all brackets."""
        count = sum(self._bracket_sizes())
        return sum(map(self.epochs_left, range(count))) / count

    def _bracket_sizes(self) -> list[int]:
        """How many of consecutive trials go into each bracket, as in Hyperband's paper."""
        count = len(self.brackets())
        if count == 1:
            return [1]
        return [-(-count * self.factor ** (count - 1 - k) // (count - k)) for k in range(count)]

    def stay(self, count: int) -> int:
        """How many go on of those that came to a rung: the best of them."""
        return max(1, count // self.factor)


class Pruner:
    """Prunes trials at the rungs of a sweep, by all that came to a rung so far.

    Parameters
    ----------
    halving : None where no trial is pruned
    epochs : of a trial that is not pruned
    """

    def __init__(self, halving: Halving | None, epochs: int) -> None:
        self._halving, self._epochs = halving, epochs
        # (loss, number) of the trials that came to a rung, by bracket and epoch, the best first
        self._arrived: dict[tuple[int, int], list[tuple[float, int]]] = {}

    def next_stop(self, trial: Trial) -> int:
        """The epoch of a trial's next rung, or the last epoch."""
        rungs = self._halving.rungs_of(trial.number) if self._halving else []
        return min((rung for rung in rungs if rung > trial.stop), default=self._epochs)

    def pruned(self, trials: Iterable[Trial]) -> list[Trial]:
        """Those that are not among the best at the rung that they have come to."""
        if self._halving is None:
            return []
        at_rung: dict[tuple[int, int], list[Trial]] = {}
        for trial in trials:
            if trial.stop and not trial.ended:
                rung = self._halving.bracket_of(trial.number), trial.stop
                at_rung.setdefault(rung, []).append(trial)
        pruned = []
        for rung, arriving in at_rung.items():
            arrived = self._arrived.setdefault(rung, [])
            for trial in arriving:
                insort(arrived, _place(trial))
            worst = arrived[self._halving.stay(len(arrived)) - 1]  # that goes on
            pruned += [trial for trial in arriving if _place(trial) > worst]
        return pruned


def _place(trial: Trial) -> tuple[float, int]:
    """The loss at the rung that a trial is at, NaN as the worst, and of equal ones its number."""
    loss = -trial.rungs[-1][1]
    return math.inf if math.isnan(loss) else loss, trial.number
