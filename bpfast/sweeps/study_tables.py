"""The tables of Optuna's studies in an SQL database, written a batch of trials at a time.

``Study.add_trials`` writes a hundred trials a second; here a batch is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import import_optional

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


COLUMNS = {  # that are written here, by table
    "studies": "study_id study_name",
    "trials": "trial_id number study_id state datetime_start datetime_complete",
    "trial_values": "trial_id objective value value_type",
    "trial_intermediate_values": "trial_id step intermediate_value intermediate_value_type",
    "trial_params": "trial_id param_name param_value distribution_json",
    "trial_user_attributes": "trial_id key value_json",
    "trial_system_attributes": "trial_id key value_json",
}


class StudyTables:
    """The tables of one study, to which trials are added.

    Parameters
    ----------
    engine, tables : of SQLAlchemy
    study : its id
    """

    def __init__(self, engine: Any, tables: Mapping[str, Any], study: int) -> None:
        self._engine, self._tables, self._study = engine, tables, study
        # of the trials that were seen there, whoever added them: the last id, Optuna's numbers,
        # and the numbers of their networks as JSON
        self._last_id, self._numbers, self._networks = -1, set[int](), set[str]()

    @classmethod
    def of(cls, storage: Any, study: int) -> StudyTables | None:
        """The tables of a storage; None where it has others than are known here."""
        engine = getattr(storage, "engine", None)
        if engine is None:
            return None
        from sqlalchemy import MetaData

        found = MetaData()
        found.reflect(engine)
        for name, columns in COLUMNS.items():
            known = found.tables[name].columns.keys() if name in found.tables else ()
            if not {*columns.split()} <= {*known}:
                return None
        return cls(engine, found.tables, study)

    def insert(self, trials: list[FrozenTrial]) -> None:
        """Add the trials that nobody else has added, under numbers that are free."""
        with self._engine.begin() as connection:
            self._lock(connection)
            self._look(connection)
            trials = [t for t in trials if str(t.user_attrs["network"]) not in self._networks]
            numbers = self._free_numbers([trial.number for trial in trials])
            if not trials:
                return
            rows = [self._trial_row(*pair) for pair in zip(trials, numbers, strict=True)]
            connection.execute(self._tables["trials"].insert(), rows)
            ids = {number: trial_id for trial_id, number in self._new(connection)}
            for name, rows_of in _ROWS.items():
                rows = [
                    {"trial_id": ids[number], **row}
                    for trial, number in zip(trials, numbers, strict=True)
                    for row in rows_of(trial)
                ]
                if rows:
                    connection.execute(self._tables[name].insert(), rows)

    def _lock(self, connection: Any) -> None:
        """Have others wait who add trials: Optuna locks the study's row too."""
        table = self._tables["studies"]
        own = table.update().where(table.c.study_id == self._study)
        connection.execute(own.values(study_name=table.c.study_name))

    def _new(self, connection: Any) -> list[Any]:
        """The id and number of each trial that was added since the last look."""
        table = self._tables["trials"]
        is_new = table.c.trial_id > self._last_id
        new = table.select().where(table.c.study_id == self._study, is_new)
        return [(row.trial_id, row.number) for row in connection.execute(new)]

    def _look(self, connection: Any) -> None:
        """See what was added since the last look."""
        new = self._new(connection)
        table, own = self._tables["trial_user_attributes"], self._tables["trials"]
        networks = table.select().join(own, own.c.trial_id == table.c.trial_id)
        networks = networks.where(
            own.c.study_id == self._study, own.c.trial_id > self._last_id, table.c.key == "network"
        )
        self._networks |= {row.value_json for row in connection.execute(networks)}
        self._last_id = max((trial_id for trial_id, _ in new), default=self._last_id)
        self._numbers |= {number for _, number in new}

    def _free_numbers(self, wanted: list[int]) -> list[int]:
        """A number for each trial: its own, or the next after all others where that is taken."""
        given = []
        for number in wanted:
            free = max(self._numbers) + 1 if number in self._numbers else number
            given.append(free)
            self._numbers.add(free)
        return given

    def _trial_row(self, trial: FrozenTrial, number: int) -> dict[str, Any]:
        return {
            "number": number,
            "study_id": self._study,
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
    to_json = import_optional("optuna", "sweep").distributions.distribution_to_json
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
