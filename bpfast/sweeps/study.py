"""A sweep's Optuna study: asked in batches, told in batches, and kept in a storage.

Optuna writes each parameter of a trial in a transaction of its own, which takes longer than the
training of a small network. So the study that is asked lies in memory, and the trials that it was
told are copied to the storage a batch at a time.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..checks import check_choice
from ..errors import import_optional
from .space import Space
from .stored_study import StoredStudy, create_study, stored_study
from .trials import Row, rung_values

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

SAMPLERS = ("random", "tpe", "qmc", "cmaes", "grid")
# Trials that are under way at a time, where the sampler does not learn from results.
BATCH = {"random": 1 << 13, "grid": 1 << 13, "qmc": 1 << 13}
LEARNING_BATCH = 64  # where it does: fewer are trained slowly, of more it learns late
STUDY = "bpfast"
_optuna = partial(import_optional, "optuna", "sweep")
# What samplers import at their first good trials, and the extra that brings it.
NEEDS = {"CmaEsSampler": ("cmaes", "sweep"), "QMCSampler": ("scipy", "sklearn")}


class Study:
    """Trials drawn by a sampler of Optuna's, and what became of them.

    Parameters
    ----------
    space : Space
    sampler : one of SAMPLERS, or a sampler of Optuna's
    seed : of the sampler, where it is given by name

    Attributes
    ----------
    asked : how many trials were drawn
    batch : how many trials are well under way at a time
    learns : whether what is asked depends on what was told before

    Raises
    ------
    ValueError, ImportError, and what a sampler of Optuna's raises
        A sampler that is not known, that cannot do this space, or that lacks a package.
    """

    def __init__(self, space: Space, sampler: Any, seed: int) -> None:
        made = _made(sampler, seed)
        self.asked = 0
        self.learns = not isinstance(sampler, str) or sampler not in BATCH
        self.batch = LEARNING_BATCH if self.learns else BATCH[sampler]
        self._space = space
        self._left = math.inf  # trials that the sampler can still draw
        self._first_alone = sampler == "qmc"  # it reads its dimensions off a complete trial
        self._first = None if sampler == "grid" else _rehearsed(made, space)
        self._study = create_study(sampler=made)
        if sampler == "grid":
            points = space.grid()
            self._left = len(points)
            for point in points:
                self._study.enqueue_trial({k: point[k] for k in point if k in space.dimensions})
        self._asked_trials: dict[int, Trial] = {}  # until they are told
        self._stored: StoredStudy | None = None

    @contextmanager
    def kept(
        self, storage: Any, name: str, settings: Mapping[str, Any], resume: bool
    ) -> Iterator[None]:
        """Have a storage keep the study, as :func:`stored_study` does; None is no storage."""
        if storage is None:
            yield
            return
        with stored_study(storage, name, settings, resume, self._may_be_ours) as self._stored:
            yield

    def _may_be_ours(self, trial: FrozenTrial) -> bool:
        """Whether a trial in a storage is like one that this study asks for."""
        number, space = trial.user_attrs.get("network"), self._space.dimensions
        known = all(space.get(name) == own for name, own in trial.distributions.items())
        if number != 0 or self.learns or self._first is None:
            return known and number is not None
        return all(self._first.get(name) == value for name, value in trial.params.items())

    def ask(self, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """Numbers and hyperparameters of the next trials, at most ``limit``.

        There are none when a grid is through, or when the first trial's result must be known first.
        """
        if self._first_alone and self.asked < 2:
            limit = 0 if self._asked_trials else min(limit, 1 if not self.asked else limit)
        size = int(max(0, min(limit, self._left)))
        trials = [self._study.ask() for _ in range(size)]
        asked = [(trial.number, self._space.suggest(trial)) for trial in trials]
        self._asked_trials |= {trial.number: trial for trial in trials}
        self._left, self.asked = self._left - size, self.asked + size
        return asked

    def tell(self, rows: Sequence[Row], kept: Sequence[str], epochs: int) -> None:
        """Tell what became of some trials.

        Parameters
        ----------
        rows : of the sweep's table
        kept : columns that become user attributes of the trials
        epochs : of the whole sweep: a network that diverged, or was trained for fewer though it had
            not run out of patience, was pruned
        """
        states = _optuna().trial.TrialState
        told = []
        for row in rows:
            trial = self._asked_trials.pop(row["network"])
            trial.set_user_attr("network", row["network"])  # some storages renumber trials
            for epoch, value in rung_values(row).items():
                trial.report(value, epoch)
            for name in kept:
                if name in row:
                    trial.set_user_attr(name, row[name])
            score = row["validation_score"]
            is_through = row["epochs"] == epochs or row.get("stopped", False)
            if is_through and not row["diverged"] and math.isfinite(score):
                told.append(self._study.tell(trial, score))
            else:
                told.append(self._study.tell(trial, state=states.PRUNED))
        if self._stored is not None and told:
            self._stored.add(told)


def _rehearsed(sampler: BaseSampler, space: Space) -> dict[str, Any] | None:
    """A sampler's first hyperparameters, from a copy; None where it cannot be copied.

    A sampler that cannot do the space raises its own error.
    """
    if needs := NEEDS.get(type(sampler).__name__):
        import_optional(*needs)
    try:
        second = copy.deepcopy(sampler)
    except Exception:  # it may hold a lock, a file or a connection
        return None
    return space.suggest(create_study(sampler=second).ask())


def _made(sampler: Any, seed: int) -> BaseSampler:
    samplers = _optuna().samplers
    if isinstance(sampler, samplers.BaseSampler):
        return sampler
    check_choice("sampler", sampler, SAMPLERS)
    seed %= 1 << 32  # what NumPy's generators behind Optuna's samplers take
    if sampler in ("random", "grid"):  # a grid's points are put into the study's queue
        return samplers.RandomSampler(seed)
    if sampler == "tpe":
        import_optional("scipy", "sweep")
        from . import tpe  # Optuna need not be there before

        return tpe.TPE(seed)
    if sampler == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's, that its interface may change
        return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
