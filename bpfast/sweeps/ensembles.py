"""A sweep's ensemble: networks of its candidates that answer best together.

They are picked by what they say of the validation rows, which none of them was trained on. In a
cross-validation a candidate is a network for each fold, which answers for the rows of that fold,
and of new rows an ensemble takes the mean over folds: nothing is trained anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_int, check_number
from ..tables.ensemble import Ensemble, Member
from ..tables.input_info import InputInfo
from ..tables.target import in_units
from ..tables.tempering import tempered
from ..training.population import Population
from .candidates import Candidate, Candidates
from .parts import SweepData
from .preparation import Part
from .selection import select, weighted_mean
from .temperature import fit_temperature

MOST_NUMBERS = 1 << 27  # that all candidates predict: beyond it, there are fewer candidates
LEAST_CANDIDATES = 16
TIMINGS = 5  # of which the fastest counts


class Picking(NamedTuple):
    """How large an ensemble may be.

    Attributes
    ----------
    members : how many trials it may have, at most; None for as many as help
    milliseconds : that it may take to predict 1,000 rows, from the raw table to the answer, here
        and now; None for as many as it takes. One network is the least.
    """

    members: int | None = None
    milliseconds: float | None = None

    @classmethod
    def checked(cls, members: Any, milliseconds: Any) -> Picking:
        """From :func:`bpfast.sweep`'s parameters of the same names."""
        return cls(
            None if members is None else check_int("members", members, 1),
            None
            if milliseconds is None
            else check_number("milliseconds", milliseconds, 0.0, open_low=True),
        )


class Picked(NamedTuple):
    """A sweep's ensemble, and its score on the test part: NaN without one, or where it has none."""

    ensemble: Ensemble
    test_score: float


class _Choice(NamedTuple):
    """An ensemble, and the weight that each candidate has in it."""

    ensemble: Ensemble
    weights: np.ndarray


class Picker(NamedTuple):
    """Picks an ensemble.

    Attributes
    ----------
    data : of the sweep
    seed : of the bags that members are picked in
    device : that predicts
    """

    data: SweepData
    seed: int
    device: str

    def pick(self, candidates: Candidates, picking: Picking) -> Picked | None:
        """The best ensemble; None where no network has a score."""
        members, milliseconds = picking
        able = [*candidates][: self._room()]
        if not able:
            return None
        said = self._said(able)
        choice = self._best_of(able, said, members)
        if milliseconds is not None and _milliseconds(choice.ensemble, self.data) > milliseconds:
            choice = self._fast_enough(able, said, choice, milliseconds)
        return Picked(choice.ensemble, self._test_score(able, choice))

    def _fast_enough(
        self,
        able: Sequence[Candidate],
        said: Sequence[np.ndarray],
        slow: _Choice,
        milliseconds: float,
    ) -> _Choice:
        """The best of as many trials as predict in time, which are fewer than a slow choice has."""
        fitting, most, too_many = None, 0, int(np.count_nonzero(slow.weights))
        while too_many - most > 1:
            middle = (most + too_many) // 2
            smaller = self._best_of(able, said, middle)
            if _milliseconds(smaller.ensemble, self.data) <= milliseconds:
                fitting, most = smaller, middle
            else:
                too_many = middle
        return fitting or self._best_of(able, said, 1)

    def _room(self) -> int:
        """How many candidates' predictions are held at a time."""
        rows = sum(len(part.X) for part in self.data.folds.validation)
        return max(LEAST_CANDIDATES, MOST_NUMBERS // (rows * self.data.target.outputs))

    def _best_of(
        self, able: Sequence[Candidate], said: Sequence[np.ndarray], members: int | None
    ) -> _Choice:
        data = self.data
        kind, parts = data.target.kind, data.folds.validation
        truths = [part.target for part in parts]
        weights = select(said, truths, data.metric, kind, members=members, seed=self.seed).weights
        together = [weighted_mean(own, weights) for own in said]
        temperature = 1.0
        if kind != "numbers":
            temperature = fit_temperature(np.concatenate(together), np.concatenate(truths), kind)
        score = float(np.mean(self._scores(together, truths, temperature)))
        return _Choice(self._ensemble(able, weights, temperature, score), weights)

    def _test_score(self, able: Sequence[Candidate], choice: _Choice) -> float:
        """The score on the test part; NaN without one."""
        data = self.data
        if not len(data.test.X):
            return np.nan
        chosen = np.flatnonzero(choice.weights)
        own, tested = [able[k] for k in chosen.tolist()], []
        for fold in range(len(data.folds.rows)):  # one by one: of test_data there may be many rows
            each = (self._says(member, fold, _tests) for member in own)
            tested.append(weighted_mean(each, choice.weights[chosen]))
        mean = np.mean(tested, axis=0)
        return self._scores([mean], [data.test.target], choice.ensemble.temperature)[0]

    def _scores(
        self, said: Sequence[np.ndarray], truths: Sequence[np.ndarray], temperature: float
    ) -> list[float]:
        """The metric of some answers at a temperature, of each part."""
        kind = self.data.target.kind
        if kind != "numbers":
            said = [tempered(own, temperature, kind == "labels") for own in said]
        pairs = zip(said, truths, strict=True)
        return [float(self.data.metric.scores(own[None], y, kind)[0]) for own, y in pairs]

    def _ensemble(
        self, able: Sequence[Candidate], weights: np.ndarray, temperature: float, score: float
    ) -> Ensemble:
        data, target = self.data, self.data.target
        folds = len(data.folds.rows)
        inputs: dict[tuple[str, int], InputInfo] = {}
        members = []
        for k in np.flatnonzero(weights):
            row, networks = able[int(k)]
            name = row["number_encoding"]
            for fold, found in enumerate(data.expanded(name).folds.prepared):
                own = inputs.setdefault((name, fold), found.input_info)
                network = narrowed(networks[fold], found.inputs)
                weight = float(weights[k]) / folds
                members.append(
                    Member(row["network"], fold, weight, network, own, found.target_scaler)
                )
        return Ensemble(
            tuple(members),
            metric=data.metric.name,
            **target.meaning,
            temperature=temperature,
            score=score,
        )

    def _said(self, able: Sequence[Candidate]) -> list[np.ndarray]:
        """For each fold what its networks say of its validation part.

        Returns
        -------
        list of (candidates, rows, outputs): probabilities, or numbers in the target's units
        """
        said = []
        for fold in range(len(self.data.folds.rows)):
            own = (self._says(candidate, fold, _validation) for candidate in able)
            first = next(own)
            of_fold = np.empty((len(able), *first.shape), first.dtype)
            of_fold[0] = first
            for k, outputs in enumerate(own, start=1):
                of_fold[k] = outputs
            said.append(of_fold)
        return said

    def _says(
        self, candidate: Candidate, fold: int, parts_of: Callable[[SweepData], Sequence[Part]]
    ) -> np.ndarray:
        """What a candidate's network of a fold says of its part, (rows, outputs)."""
        view = self.data.expanded(candidate.row["number_encoding"])
        X, scaler = parts_of(view)[fold].X, view.fold_target_scalers[fold]
        outputs = candidate.networks[fold].predict(X, device=self.device)[0]
        if scaler is None:
            return outputs
        return in_units(outputs.astype(np.float64), scaler, self.data.target.transform)


def _validation(view: SweepData) -> Sequence[Part]:
    return view.folds.validation


def _tests(view: SweepData) -> Sequence[Part]:
    return view.fold_tests


def narrowed(network: Population, inputs: int) -> Population:
    """A network that takes the first inputs alone: those after them were zeros to it."""
    if network.mlp.inputs == inputs:
        return network
    first, *others = network.weights
    weights = [first[:, :inputs], *others]
    mlp = replace(network.mlp, layers=(inputs, *network.mlp.layers[1:]))
    return Population.from_arrays(mlp, weights, network.biases, network.dtype.name)


def _milliseconds(ensemble: Ensemble, data: SweepData) -> float:
    """What it takes to predict 1,000 rows of the table."""
    seconds = []
    for _ in range(TIMINGS):
        begin = time.perf_counter()
        ensemble.outputs(data.sample)
        seconds.append(time.perf_counter() - begin)
    return 1e3 * min(seconds) * 1000 / len(data.sample)
