"""TPE (Bergstra et al., 2011), as Optuna's TPESampler has it, for tens of thousands of trials.

Hyperparameters are drawn where the best trials are dense and the others are not. Optuna's sampler
looks at all trials for each new one. Here the others are a spread sample of a fixed size, and a few
new trials come from one look.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from .parzen import Parzen

STARTUP = 10  # trials that end before any is learned from
GOOD = 25  # at most: of fewer than ten times as many trials, the best tenth
OTHERS = 9 * GOOD  # at most: then the good ones are a tenth of what is looked at, too
CANDIDATES = 24  # for each trial, of which it is the best
AHEAD = 8  # trials that come from one look

Point = Mapping[str, float]  # a trial's hyperparameters, as Optuna's storages keep them
Rank = tuple[int, int, float]


class Ended(NamedTuple):
    """A trial that has ended; the better one is less.

    Attributes
    ----------
    rank : complete ones by their score, then pruned ones by how far they came, and their value
        there
    """

    rank: Rank
    number: int
    point: Point


class TPE(BaseSampler):
    """Optuna's TPE of a study that maximizes, asked for trials with consecutive numbers.

    Parameters
    ----------
    seed : from 0
        The trials depend on it, and on what was asked and told in which order.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = RandomSampler(seed)
        self._ended: list[Ended] = []  # sorted
        self._running: dict[int, dict[str, float]] = {}
        self._shared: set[str] = set()  # hyperparameters of all trials that have ended
        self._distributions: dict[str, BaseDistribution] = {}
        self._look: _Look | None = None

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: all is asked for by :meth:`sample_independent`."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, as there is no relative search space."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A hyperparameter of a trial; those that all trials share are drawn together."""
        self._distributions[param_name] = param_distribution
        point = self._running.setdefault(trial.number, {})
        if len(self._ended) < STARTUP:
            value = self._chance.sample_independent(study, trial, param_name, param_distribution)
        else:
            if self._look is None or trial.number >= self._look.first + AHEAD:
                self._look = self._looked(trial.number)
            names = sorted(self._shared) if param_name in self._shared else [param_name]
            space = {name: self._distributions[name] for name in names}
            drawn = self._look.drawn(space)[param_name][trial.number - self._look.first]
            value = param_distribution.to_external_repr(drawn.item())
        point[param_name] = param_distribution.to_internal_repr(value)
        return value

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Learn from a trial that has ended."""
        point = self._running.pop(trial.number, {})
        self._shared = self._shared & {*point} if self._ended else {*point}
        insort(self._ended, Ended(_rank(trial, state, values), trial.number, point))
        self._look = None

    def _looked(self, first: int) -> _Look:
        """A look at what is known now, for trials from a number on."""
        count = min(math.ceil(len(self._ended) / 10), GOOD)
        good, others = self._ended[:count], self._ended[count:]
        if len(others) > OTHERS:  # evenly spread over their ranks
            offset = np.random.default_rng([self._seed, first]).random()
            places = (np.arange(OTHERS) + offset) * (len(others) / OTHERS)
            others = [others[place] for place in places.astype(int)]
        others.sort(key=lambda ended: ended.number)
        return _Look(
            seed=self._seed,
            first=first,
            good=[ended.point for ended in good],
            others=[ended.point for ended in others] + [*self._running.values()],
        )


class _Look:
    """Trials that are told apart, and what is drawn by them for trials from a number on.

    Parameters
    ----------
    good, others : the latest of the others last, with trials under way: new ones keep away
    """

    def __init__(self, seed: int, first: int, good: list[Point], others: list[Point]) -> None:
        self.first = first
        self._seed, self._good, self._others = seed, good, others
        self._drawn: dict[tuple[str, ...], dict[str, np.ndarray]] = {}

    def drawn(self, space: Mapping[str, BaseDistribution]) -> dict[str, np.ndarray]:
        """Values of hyperparameters that are drawn together, each for ``AHEAD`` trials."""
        names = tuple(space)
        if names not in self._drawn:
            points = self._draw(space)
            self._drawn[names] = {name: points[:, k] for k, name in enumerate(names)}
        return self._drawn[names]

    def _draw(self, space: Mapping[str, BaseDistribution]) -> np.ndarray:
        """For each trial, that candidate which is best by the quotient of two densities."""
        good, others = (
            Parzen([*space.values()], _points(trials, [*space]))
            for trials in (self._good, self._others)
        )
        rng = np.random.default_rng([self._seed, self.first, *",".join(space).encode()])
        candidates = good.draw(rng.random((AHEAD * CANDIDATES, 1 + len(space))))
        quotients = good.log_density(candidates) - others.log_density(candidates)
        best = quotients.reshape(AHEAD, CANDIDATES).argmax(axis=1)
        return candidates.reshape(AHEAD, CANDIDATES, -1)[np.arange(AHEAD), best]


def _rank(trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> Rank:
    if state == TrialState.COMPLETE and values is not None:
        return 0, 0, -values[0]
    if not trial.intermediate_values:
        return 2, 0, 0
    epoch, value = max(trial.intermediate_values.items())
    return 1, -epoch, math.inf if math.isnan(value) else -value


def _points(trials: Iterable[Point], names: Sequence[str]) -> np.ndarray:
    """Those of some trials that have all of some hyperparameters: (trials, hyperparameters)."""
    points = [[trial[name] for name in names] for trial in trials if trial.keys() >= {*names}]
    return np.array(points).reshape(-1, len(names))
