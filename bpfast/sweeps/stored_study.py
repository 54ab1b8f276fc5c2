"""A sweep's study in a storage of Optuna's: trials are added to it, and it knows whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import import_optional
from .identity import check_same, has_grown
from .storage import file_of, opened, quiet, told
from .study_tables import StudyTables

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

ADVICE = "begin another sweep, with another study_name (--study-name) or storage (--storage)"
SETTINGS = "sweep"  # the user attribute by which a study knows whose it is
_optuna = partial(import_optional, "optuna", "sweep")


class StoredStudy:
    """A study of Optuna's in a storage, to which trials that have ended are added.

    Parameters
    ----------
    study : the study of Optuna's
    storage, given : the opened storage, and what was given for it, such as its URL
    settings : of the sweep that it belongs to
    """

    def __init__(self, study: Any, storage: Any, given: Any, settings: Mapping[str, Any]) -> None:
        self._study, self._given, self._settings = study, given, settings
        self._before = self._params()
        self._tables = StudyTables.of(storage, storage.get_study_id_from_name(study.study_name))
        if SETTINGS in study.user_attrs or not self._before:
            study.set_user_attr(SETTINGS, settings)  # an older bpfast's: once its trials agree

    def add(self, trials: list[FrozenTrial]) -> None:
        """Add those of some trials that the study does not have, whoever else adds some."""
        for trial in trials:
            self._check(trial)
        with told(self._given, "cannot be written to"):
            if SETTINGS not in self._study.user_attrs:
                self._study.set_user_attr(SETTINGS, self._settings)
            if self._tables:
                self._tables.insert(trials)
                return
            known = self._params()
            self._study.add_trials([t for t in trials if t.user_attrs["network"] not in known])

    def _params(self) -> dict[Any, dict[str, Any]]:
        """Hyperparameters of the study's trials, by their networks."""
        trials = self._study.get_trials(deepcopy=False)
        return {trial.user_attrs.get("network"): trial.params for trial in trials}

    def _check(self, trial: FrozenTrial) -> None:
        number = trial.user_attrs["network"]
        if self._before.get(number, trial.params) != trial.params:
            raise ValueError(
                f"the study {self._study.study_name!r} has a network {number} with other "
                f"hyperparameters, it is another sweep's: {ADVICE}"
            )


@contextmanager
def stored_study(
    given: Any,
    name: str,
    settings: Mapping[str, Any],
    resume: bool,
    may_be_ours: Callable[[FrozenTrial], bool],
) -> Iterator[StoredStudy]:
    """A sweep's study in a storage; what is made there goes again if what follows raises.

    Parameters
    ----------
    given : a URL such as sqlite:///study.db, or a storage of Optuna's
    name : the study's name in the storage
    settings : of the sweep, by which the study knows whose it is
    resume : whether the storage may have this study already
    may_be_ours : whether a trial is like one of this sweep's, for a study without settings

    Raises
    ------
    ValueError, OSError, ImportError
        The storage cannot be opened, or has a study of this name that is not to be resumed.
    """
    with opened(given) as storage, _found(given, storage, name, resume) as study:
        with told(given, "cannot keep the study"):
            _check_whose(study, settings, may_be_ours)
            before = study.user_attrs.get(SETTINGS, settings)
            if settings["halving"] and has_grown(before, settings):
                study = _emptied(study, storage)  # who is pruned depends on all trials
            stored = StoredStudy(study, storage, given, settings)
        yield stored


def forget_unbegun(given: Any, name: str, folder: Path) -> None:
    """Delete a study without trials from a folder's own file, in which no sweep has begun.

    A sweep that was killed on its way there left it.
    """
    file = file_of(given) if isinstance(given, str) else None
    if file is None or not file.is_file() or file.resolve().parent != folder.resolve():
        return
    optuna = _optuna()
    with quiet(), opened(given) as storage, told(given, "cannot be read"):
        studies = optuna.get_all_study_summaries(storage, include_best_trial=False)
        if any(study.study_name == name and not study.n_trials for study in studies):
            optuna.delete_study(study_name=name, storage=storage)


def create_study(**options: Any) -> Any:
    """A study of Optuna's, without a line that says so."""
    with quiet():
        return _optuna().create_study(direction="maximize", **options)


@contextmanager
def _found(given: Any, storage: Any, name: str, resume: bool) -> Iterator[Any]:
    """The study of a name; one that was made goes again if what follows raises."""
    optuna = _optuna()
    with told(given, "cannot keep the study"):
        new = name not in optuna.get_all_study_names(storage)
        try:
            study = create_study(
                study_name=name, storage=storage, load_if_exists=resume and not new
            )
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


def _check_whose(
    study: Any, settings: Mapping[str, Any], may_be_ours: Callable[[FrozenTrial], bool]
) -> None:
    """Refuse another sweep's study."""
    where = f"the study {study.study_name!r}"
    if SETTINGS in study.user_attrs:
        check_same(study.user_attrs[SETTINGS], settings, where, ADVICE)
        return
    trials = study.get_trials(deepcopy=False)  # of an older bpfast, if there are any
    if study.direction.name != "MAXIMIZE" or not all(map(may_be_ours, trials)):
        raise ValueError(f"{where} in the storage is not this sweep's: {ADVICE}")


def _emptied(study: Any, storage: Any) -> Any:
    """A study of the same name without a sweep's trials; what others added stays."""
    others = [t for t in study.get_trials(deepcopy=False) if "network" not in t.user_attrs]
    _optuna().delete_study(study_name=study.study_name, storage=storage)
    empty = create_study(study_name=study.study_name, storage=storage)
    empty.add_trials(others)
    return empty
