"""A sweep's Optuna study: asked in batches, told in batches, and kept in a storage.

Optuna writes each parameter of a trial in a transaction of its own, which takes far longer than to
train a small network. So the study that is asked lies in memory, and what it was told is copied
to its storage a batch at a time.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .errors import missing_extra, one_of
from .space import Space

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

SAMPLERS = ("random", "tpe", "qmc", "cmaes", "grid")
# Trials that are under way at a time, where the sampler does not learn from results.
BATCH = {"random": 1 << 13, "grid": 1 << 13, "qmc": 1 << 13}
LEARNING_BATCH = 64  # of those that learn: less is trained slowly, more learns late
STUDY = "bpfast"


def planned(space: Space, sampler: Any, networks: int) -> int:
    """How many networks a sweep will have: as many as are asked for, or all points of a grid.

    Raises
    ------
    ValueError
        A grid that is larger than what is asked for, or a range without a step.
    """
    if sampler != "grid":
        return networks
    points = space.grid_size()
    if points > networks:
        raise ValueError(
            f"the grid has {points:,} points, and {networks:,} networks are asked for: ask for "
            f"networks={points} (--networks {points}), or for the sampler 'random' to try a part "
            "of it"
        )
    return points


class Study:
    """Trials drawn by a sampler of Optuna's, and what became of them.

    Parameters
    ----------
    space : Space
    sampler : one of SAMPLERS, or a sampler of Optuna's
    seed : of the sampler, where it is given by name
    storage : None, a URL such as sqlite:///study.db, or a storage of Optuna's
    name : the study's name in the storage
    resume : whether the storage may have this study already; trials that it has are not added

    Attributes
    ----------
    batch : how many trials are well under way at a time
    learns : whether what is asked depends on what was told before
    """

    def __init__(
        self,
        space: Space,
        sampler: Any,
        seed: int,
        storage: Any = None,
        name: str = STUDY,
        resume: bool = False,
    ) -> None:
        made = _sampler(sampler, seed)
        self.space = space
        self.asked, self.left = 0, float("inf")
        self.learns = not isinstance(sampler, str) or sampler not in BATCH
        self.batch = LEARNING_BATCH if self.learns else BATCH[sampler]
        self.alone = sampler == "qmc"  # what it samples together is read off a complete trial
        self._study = _create(sampler=made)
        if sampler == "grid":
            points = space.grid()
            self.left = len(points)
            for point in points:
                self._study.enqueue_trial({k: point[k] for k in point if k in space.dimensions})
        self._trials: dict[int, Trial] = {}
        self._kept = None if storage is None else _Copy(storage, name, resume)

    def ask(self, most: int) -> tuple[list[int], list[dict[str, Any]]]:
        """Numbers and points of the next trials, up to ``most``.

        None when a grid is through, or when the first trial's result must be known first.
        """
        if self.alone and self.asked < 2:
            most = 0 if self._trials else min(most, 1 if not self.asked else most)
        size = int(max(0, min(most, self.left)))
        trials = [self._study.ask() for _ in range(size)]
        points = [self.space.suggest(trial) for trial in trials]
        self._trials |= {trial.number: trial for trial in trials}
        self.left, self.asked = self.left - size, self.asked + size
        return [trial.number for trial in trials], points

    def tell(
        self,
        numbers: Sequence[int],
        scores: np.ndarray,
        sound: np.ndarray,
        notes: Mapping[str, np.ndarray],
        steps: Mapping[int, Mapping[int, float]] | None = None,
    ) -> None:
        """What became of some trials.

        Parameters
        ----------
        numbers : (trials,)
        scores : (trials,) validation scores
        sound : (trials,) bool, False where a network diverged or was cut off: a pruned trial
        notes : (trials,) arrays to be kept as the trials' user attributes
        steps : of some trials by number, intermediate values by epoch
        """
        states = _optuna().trial.TrialState
        told = []
        for k, number in enumerate(numbers):
            trial = self._trials.pop(number)
            trial.set_user_attr("network", number)  # some storages number trials as they come
            for epoch, value in (steps or {}).get(number, {}).items():
                trial.report(value, epoch)
            for name, values in notes.items():
                trial.set_user_attr(name, values[k].item())
            if sound[k]:
                told.append(self._study.tell(trial, float(scores[k])))
            else:
                told.append(self._study.tell(trial, state=states.PRUNED))
        if self._kept is not None:
            self._kept.add(told)


class _Copy:
    """A study in a storage, to which told trials are added."""

    def __init__(self, storage: Any, name: str, resume: bool) -> None:
        optuna = _optuna()
        if isinstance(storage, str):
            storage = optuna.storages.RDBStorage(storage)
        try:
            self.study = _create(study_name=name, storage=storage, load_if_exists=resume)
        except optuna.exceptions.DuplicatedStudyError:
            raise ValueError(
                f"the storage has a study named {name!r} already: choose another name or storage"
            ) from None
        self.tables = _Tables.of(storage, storage.get_study_id_from_name(name))
        there = self.study.get_trials(deepcopy=False)
        self.there = {trial.user_attrs.get("network") for trial in there}

    def add(self, trials: list[FrozenTrial]) -> None:
        trials = [trial for trial in trials if trial.user_attrs["network"] not in self.there]
        if not trials:
            return
        if self.tables:
            self.tables.insert(trials)
        else:
            self.study.add_trials(trials)


class _Tables:
    """A study's tables in an SQL database, written a batch at a time.

    ``Study.add_trials`` writes a hundred trials a second; here a batch is one transaction.
    """

    COLUMNS: ClassVar = {
        "trials": "trial_id number study_id state datetime_start datetime_complete",
        "trial_values": "trial_id objective value value_type",
        "trial_intermediate_values": ("trial_id step intermediate_value intermediate_value_type"),
        "trial_params": "trial_id param_name param_value distribution_json",
        "trial_user_attributes": "trial_id key value_json",
        "trial_system_attributes": "trial_id key value_json",
    }

    def __init__(self, engine: Any, tables: Mapping[str, Any], study: int) -> None:
        self.engine, self.tables, self.study = engine, tables, study

    @classmethod
    def of(cls, storage: Any, study: int) -> _Tables | None:
        """The tables of a storage; None where it has others than are known here."""
        engine = getattr(storage, "engine", None)
        if engine is None:
            return None
        from sqlalchemy import MetaData

        found = MetaData()
        found.reflect(engine)
        for name, columns in cls.COLUMNS.items():
            there = found.tables[name].columns.keys() if name in found.tables else ()
            if not {*columns.split()} <= {*there}:
                return None
        return cls(engine, found.tables, study)

    def insert(self, trials: list[FrozenTrial]) -> None:
        trial_table = self.tables["trials"]
        with self.engine.begin() as connection:
            connection.execute(trial_table.insert(), [self._trial(trial) for trial in trials])
            places = connection.execute(
                trial_table.select().where(trial_table.c.study_id == self.study)
            )
            ids = {place.number: place.trial_id for place in places}
            for name, rows_of in _ROWS.items():
                rows = [
                    {"trial_id": ids[trial.number], **row}
                    for trial in trials
                    for row in rows_of(trial)
                ]
                if rows:
                    connection.execute(self.tables[name].insert(), rows)

    def _trial(self, trial: FrozenTrial) -> dict[str, Any]:
        return {
            "number": trial.number,
            "study_id": self.study,
            "state": trial.state.name,
            "datetime_start": trial.datetime_start,
            "datetime_complete": trial.datetime_complete,
        }


def _value_rows(trial: FrozenTrial) -> list[dict[str, Any]]:
    values = trial.values or []
    return [{"objective": k, "value": v, "value_type": "FINITE"} for k, v in enumerate(values)]


def _step_rows(trial: FrozenTrial) -> list[dict[str, Any]]:
    return [
        {"step": step, "intermediate_value": value, "intermediate_value_type": "FINITE"}
        for step, value in trial.intermediate_values.items()
    ]


def _parameter_rows(trial: FrozenTrial) -> list[dict[str, Any]]:
    to_json = _optuna().distributions.distribution_to_json
    return [
        {
            "param_name": name,
            "param_value": distribution.to_internal_repr(trial.params[name]),
            "distribution_json": to_json(distribution),
        }
        for name, distribution in trial.distributions.items()
    ]


def _attribute_rows(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value_json": json.dumps(value)} for key, value in attributes.items()]


_ROWS: dict[str, Callable[[Any], list[dict[str, Any]]]] = {
    "trial_values": _value_rows,
    "trial_intermediate_values": _step_rows,
    "trial_params": _parameter_rows,
    "trial_user_attributes": lambda trial: _attribute_rows(trial.user_attrs),
    "trial_system_attributes": lambda trial: _attribute_rows(trial.system_attrs),
}


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise missing_extra("optuna", "sweep") from None
    return optuna


def _create(**options: Any) -> Any:
    """A study of Optuna's, without a line that says so."""
    optuna = _optuna()
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction="maximize", **options)
    finally:
        optuna.logging.set_verbosity(verbosity)


def _sampler(sampler: Any, seed: int) -> BaseSampler:
    samplers = _optuna().samplers
    if isinstance(sampler, samplers.BaseSampler):
        return sampler
    one_of("sampler", sampler, SAMPLERS)
    seed %= 1 << 32  # what NumPy's generators behind Optuna's samplers take
    if sampler in ("random", "grid"):  # a grid's points are put into the study's queue
        return samplers.RandomSampler(seed)
    if sampler == "tpe":
        return samplers.TPESampler(seed=seed)
    if sampler == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its interface may change is for us to follow
        return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
