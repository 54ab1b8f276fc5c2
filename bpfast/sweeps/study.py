"""A sweep's Optuna study: asked in batches, told in batches, and kept in a storage.

Optuna writes each parameter of a trial in a transaction of its own, which takes far longer than to
train a small network. So the study that is asked lies in memory, and what it was told is copied
to its storage a batch at a time.
"""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..checks import check_choice
from ..errors import import_optional
from .identity import GROWS, check_same
from .space import Space
from .storage import opened, told

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

SAMPLERS = ("random", "tpe", "qmc", "cmaes", "grid")
# Trials that are under way at a time, where the sampler does not learn from results.
BATCH = {"random": 1 << 13, "grid": 1 << 13, "qmc": 1 << 13}
LEARNING_BATCH = 64  # of those that learn: less is trained slowly, more learns late
STUDY = "bpfast"
ADVICE = "begin another sweep, with another study_name (--study-name) or storage (--storage)"
SETTINGS = "sweep"  # the user attribute by which a study knows whose it is
_optuna = partial(import_optional, "optuna", "sweep")
# What samplers import at their first good trials, and the extra that brings it.
NEEDS = {"CmaEsSampler": ("cmaes", "sweep"), "QMCSampler": ("scipy", "sklearn")}


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

    Attributes
    ----------
    batch : how many trials are well under way at a time
    learns : whether what is asked depends on what was told before

    Raises
    ------
    ValueError, ImportError, and what a sampler of Optuna's raises
        A sampler that is not known, that cannot do this space, or that lacks a package.
    """

    def __init__(self, space: Space, sampler: Any, seed: int) -> None:
        made = _sampler(sampler, seed)
        self.space = space
        self.asked, self.left = 0, float("inf")
        self.learns = not isinstance(sampler, str) or sampler not in BATCH
        self.batch = LEARNING_BATCH if self.learns else BATCH[sampler]
        self.alone = sampler == "qmc"  # what it samples together is read off a complete trial
        self._first = None if sampler == "grid" else _rehearsed(made, space)
        self._study = _create(sampler=made)
        if sampler == "grid":
            points = space.grid()
            self.left = len(points)
            for point in points:
                self._study.enqueue_trial({k: point[k] for k in point if k in space.dimensions})
        self._trials: dict[int, Trial] = {}
        self._copy: _Copy | None = None

    @contextmanager
    def kept(
        self, storage: Any, name: str, settings: Mapping[str, Any], resume: bool
    ) -> Iterator[None]:
        """Have a storage keep the study; what is made there goes again if what follows raises.

        Parameters
        ----------
        storage : None, a URL such as sqlite:///study.db, or a storage of Optuna's
        name : the study's name in the storage
        settings : of the sweep, by which the study knows whose it is
        resume : whether the storage may have this study already; trials that it has are not added

        Raises
        ------
        ValueError, OSError, ImportError
            The storage cannot be opened; it has the study and is not to be resumed, or has one of
            this name that is another sweep's.
        """
        if storage is None:
            yield
            return
        with opened(storage) as opening, _found(storage, opening, name, resume) as found:
            with told(storage, "cannot keep the study"):
                self._check_whose(found, settings)
                before = found.user_attrs.get(SETTINGS, settings)
                if settings["halving"] and before[GROWS] != settings[GROWS]:
                    found = _emptied(found, opening)  # who goes on depends on all that come to it
                self._copy = _Copy(found, opening, storage, settings)
            yield

    def _check_whose(self, found: Any, settings: Mapping[str, Any]) -> None:
        """Refuse another sweep's study."""
        where = f"the study {found.study_name!r}"
        if SETTINGS in found.user_attrs:
            check_same(found.user_attrs[SETTINGS], settings, where, ADVICE)
            return
        trials = found.get_trials(deepcopy=False)  # of an older bpfast, if there are any
        if found.direction.name != "MAXIMIZE" or not all(map(self._may_be_ours, trials)):
            raise ValueError(f"{where} in the storage is not this sweep's: {ADVICE}")

    def _may_be_ours(self, trial: FrozenTrial) -> bool:
        """Whether a trial in a storage is like one that this study asks for."""
        number, space = trial.user_attrs.get("network"), self.space.dimensions
        known = all(space.get(name) == own for name, own in trial.distributions.items())
        if number != 0 or self.learns or self._first is None:
            return known and number is not None
        return all(self._first.get(name) == value for name, value in trial.params.items())

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
        ended = []
        for k, number in enumerate(numbers):
            trial = self._trials.pop(number)
            trial.set_user_attr("network", number)  # some storages number trials as they come
            for epoch, value in (steps or {}).get(number, {}).items():
                trial.report(value, epoch)
            for name, values in notes.items():
                trial.set_user_attr(name, values[k].item())
            if sound[k]:
                ended.append(self._study.tell(trial, float(scores[k])))
            else:
                ended.append(self._study.tell(trial, state=states.PRUNED))
        if self._copy is not None:
            self._copy.add(ended)


class _Copy:
    """A study in a storage, to which told trials are added, and by which it knows whose it is."""

    def __init__(self, study: Any, storage: Any, given: Any, settings: Mapping[str, Any]) -> None:
        self.study, self.given, self.settings = study, given, settings
        self.there = self._trials()
        self.tables = _Tables.of(storage, storage.get_study_id_from_name(study.study_name))
        if SETTINGS in study.user_attrs or not self.there:
            study.set_user_attr(SETTINGS, settings)  # an older bpfast's: once its trials agree

    def add(self, trials: list[FrozenTrial]) -> None:
        """Add trials that are not there, whoever else adds some meanwhile."""
        for trial in trials:
            self._check(trial)
        with told(self.given, "cannot be written to"):
            if SETTINGS not in self.study.user_attrs:
                self.study.set_user_attr(SETTINGS, self.settings)
            if self.tables:
                self.tables.insert(trials)
                return
            there = self._trials()
            self.study.add_trials([t for t in trials if t.user_attrs["network"] not in there])

    def _trials(self) -> dict[Any, dict[str, Any]]:
        """Hyperparameters of the trials that are there, by their networks."""
        trials = self.study.get_trials(deepcopy=False)
        return {trial.user_attrs.get("network"): trial.params for trial in trials}

    def _check(self, trial: FrozenTrial) -> None:
        number = trial.user_attrs["network"]
        if self.there.get(number, trial.params) != trial.params:
            raise ValueError(
                f"the study {self.study.study_name!r} has a network {number} with other "
                f"hyperparameters, it is another sweep's: {ADVICE}"
            )


class _Tables:
    """A study's tables in an SQL database, written a batch at a time.

    ``Study.add_trials`` writes a hundred trials a second; here a batch is one transaction.
    """

    COLUMNS: ClassVar = {
        "studies": "study_id study_name",
        "trials": "trial_id number study_id state datetime_start datetime_complete",
        "trial_values": "trial_id objective value value_type",
        "trial_intermediate_values": ("trial_id step intermediate_value intermediate_value_type"),
        "trial_params": "trial_id param_name param_value distribution_json",
        "trial_user_attributes": "trial_id key value_json",
        "trial_system_attributes": "trial_id key value_json",
    }

    def __init__(self, engine: Any, tables: Mapping[str, Any], study: int) -> None:
        self.engine, self.tables, self.study = engine, tables, study
        # of trials that were seen there, whosever they are; networks as JSON
        self.last, self.numbers, self.networks = -1, set[int](), set[str]()

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
        """Add trials but those that somebody else added, under numbers that nobody else took."""
        with self.engine.begin() as connection:
            self._lock(connection)
            self._see(connection)
            trials = [t for t in trials if str(t.user_attrs["network"]) not in self.networks]
            numbers = self._free([trial.number for trial in trials])
            if not trials:
                return
            rows = [self._trial(*pair) for pair in zip(trials, numbers, strict=True)]
            connection.execute(self.tables["trials"].insert(), rows)
            ids = {number: trial_id for trial_id, number in self._since(connection)}
            for name, rows_of in _ROWS.items():
                rows = [
                    {"trial_id": ids[number], **row}
                    for trial, number in zip(trials, numbers, strict=True)
                    for row in rows_of(trial)
                ]
                if rows:
                    connection.execute(self.tables[name].insert(), rows)

    def _lock(self, connection: Any) -> None:
        """Have others wait who add trials: Optuna locks the study's row too."""
        table = self.tables["studies"]
        own = table.update().where(table.c.study_id == self.study)
        connection.execute(own.values(study_name=table.c.study_name))

    def _since(self, connection: Any) -> list[Any]:
        """The id and number of each trial that was added since the last look."""
        table = self.tables["trials"]
        new = table.select().where(table.c.study_id == self.study, table.c.trial_id > self.last)
        return [(row.trial_id, row.number) for row in connection.execute(new)]

    def _see(self, connection: Any) -> None:
        """Look at what was added since the last look."""
        since = self._since(connection)
        table, own = self.tables["trial_user_attributes"], self.tables["trials"]
        networks = table.select().join(own, own.c.trial_id == table.c.trial_id)
        networks = networks.where(
            own.c.study_id == self.study, own.c.trial_id > self.last, table.c.key == "network"
        )
        self.networks |= {row.value_json for row in connection.execute(networks)}
        self.last = max((trial_id for trial_id, _ in since), default=self.last)
        self.numbers |= {number for _, number in since}

    def _free(self, wanted: list[int]) -> list[int]:
        """A number for each trial: its own, or the next after all where somebody has that."""
        given = []
        for number in wanted:
            free = max(self.numbers) + 1 if number in self.numbers else number
            given.append(free)
            self.numbers.add(free)
        return given

    def _trial(self, trial: FrozenTrial, number: int) -> dict[str, Any]:
        return {
            "number": number,
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


def _create(**options: Any) -> Any:
    """A study of Optuna's, without a line that says so."""
    optuna = _optuna()
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(direction="maximize", **options)
    finally:
        optuna.logging.set_verbosity(verbosity)


@contextmanager
def _found(given: Any, storage: Any, name: str, resume: bool) -> Iterator[Any]:
    """The study of a name; one that was made goes again if what follows raises."""
    optuna = _optuna()
    with told(given, "cannot keep the study"):
        new = name not in optuna.get_all_study_names(storage)
        try:
            study = _create(study_name=name, storage=storage, load_if_exists=resume and not new)
        except optuna.exceptions.DuplicatedStudyError:
            raise ValueError(
                f"the storage has a study named {name!r} already: choose another name or storage"
            ) from None
    try:
        yield study
    except BaseException:
        if new:
            optuna.delete_study(study_name=name, storage=storage)
        raise


def _emptied(study: Any, storage: Any) -> Any:
    """A study of the same name without a sweep's trials; what others added stays."""
    others = [t for t in study.get_trials(deepcopy=False) if "network" not in t.user_attrs]
    _optuna().delete_study(study_name=study.study_name, storage=storage)
    empty = _create(study_name=study.study_name, storage=storage)
    empty.add_trials(others)
    return empty


def _rehearsed(sampler: BaseSampler, space: Space) -> dict[str, Any] | None:
    """What a sampler would begin with, or its own error if it cannot do the space.

    None if there can be no second one of it.
    """
    if needs := NEEDS.get(type(sampler).__name__):
        import_optional(*needs)
    try:
        second = copy.deepcopy(sampler)
    except Exception:  # one that holds what cannot be copied
        return None
    return space.suggest(_create(sampler=second).ask())


def _sampler(sampler: Any, seed: int) -> BaseSampler:
    samplers = _optuna().samplers
    if isinstance(sampler, samplers.BaseSampler):
        return sampler
    check_choice("sampler", sampler, SAMPLERS)
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
