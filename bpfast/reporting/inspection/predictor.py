"""Predictions of an ensemble for rows that are put together of a table's values."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...memory import check_memory
from ...tables.encoding.column import Column
from ...tables.ensemble import Ensemble
from ...tables.member import Member
from ...tables.model import Model
from .encoded_rows import EncodedRows


class Predictor:
    """An ensemble, and a table's rows that it predicts from, each column's value from any of them.

    Parameters
    ----------
    ensemble : Ensemble
    table : a polars ``DataFrame`` or an array
    device : as for :meth:`bpfast.Population.predict`

    Raises
    ------
    ValueError, MemoryError
        As :meth:`bpfast.Model.predict`.
    """

    def __init__(self, ensemble: Ensemble, table: Any, device: str) -> None:
        self.ensemble, self.device = ensemble, device
        parts = self.ensemble.encoding.parts(table)
        self.values = {column.name: values for column, _, values in parts}
        different = {id(group.inputs): group for group in self.ensemble.groups}
        inputs = sum(group.mlp.inputs for group in different.values())
        check_memory(f"inputs of {len(table)} rows", len(table) * inputs, "float32")
        self._rows = {
            key: EncodedRows.of(group.inputs, table, [*self.values], group.population.dtype)
            for key, group in different.items()
        }

    @cached_property
    def columns(self) -> list[Column]:
        """Those that predictions depend on, in the order in which rows are put together of them."""
        return self.ensemble.encoding.used

    @cached_property
    def kind(self) -> str:
        """What is predicted: "classes", "labels" or "numbers"."""
        return kind_of(self.ensemble)

    @cached_property
    def names(self) -> list[str]:
        """Of the outputs; one without a name is ""."""
        ensemble = self.ensemble
        own = ensemble.classes or [*ensemble.labels] or [*ensemble.target_names]
        return own or [""] * ensemble.groups[0].mlp.outputs

    @cached_property
    def work(self) -> int:
        """Products of an input and a weight in a row's prediction, about."""
        return sum(group.population.parameters.size for group in self.ensemble.groups)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Probabilities, or numbers in the target's units, (rows, outputs).

        Parameters
        ----------
        rows : (rows, columns) numbers of the table's rows
        """
        ensemble, groups = self.ensemble, self.ensemble.groups
        said = np.empty((len(ensemble.members), len(rows), groups[0].mlp.outputs))
        for key, encoded in self._rows.items():
            inputs = encoded.assembled(rows)
            for group in groups:
                if id(group.inputs) == key:
                    said[[*group.members]] = group.said(inputs, ensemble.transform, self.device)
        return ensemble.combined(said)


def as_ensemble(model: Model | Ensemble) -> Ensemble:
    """A model as an ensemble of one network; an ensemble as it is."""
    if isinstance(model, Ensemble):
        return model
    member = Member(0, 0, 1.0, model.population, model.input_info, model.target_scaler)
    return Ensemble(
        (member,), model.classes, model.target_names, model.labels, model.transform, model.metric
    )


def kind_of(ensemble: Ensemble) -> str:
    """What is predicted: "classes", "labels" or "numbers"."""
    return "labels" if ensemble.labels else "classes" if ensemble.classes else "numbers"
