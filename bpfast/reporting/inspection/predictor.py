"""Predictions of a model for rows that are put together of a table's values."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...tables.encoding.column import Column
from ...tables.model import Model
from ...tables.target import in_units
from ...tables.target_info import TargetInfo
from .encoded_rows import EncodedRows


class Predictor:
    """A model, and a table's rows that it predicts from, each column's value from any of them.

    Parameters
    ----------
    model : Model
    table : a polars ``DataFrame`` or an array
    device : as for :meth:`bpfast.Population.predict`
    """

    def __init__(self, model: Model, table: Any, device: str) -> None:
        self.model, self.device = model, device
        self.values = {column.name: own for column, _, own in model.encoding.parts(table)}
        self._rows = EncodedRows.of(model.input_info, table, [*self.values], model.population.dtype)

    @cached_property
    def columns(self) -> list[Column]:
        """Those that predictions depend on, in the order in which rows are put together of them."""
        return self.model.encoding.used

    @cached_property
    def kind(self) -> str:
        """What is predicted: "classes", "labels" or "numbers"."""
        return kind_of(self.model.target_info)

    @cached_property
    def names(self) -> list[str]:
        """Of the outputs; one without a name is ""."""
        target = self.model.target_info
        return target.classes or [*target.labels] or [*target.names] or [""]

    @cached_property
    def work(self) -> int:
        """Products of an input and a weight in a row's prediction, about."""
        return self.model.population.parameters.shape[1]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Probabilities, or numbers in the target's units, (rows, outputs).

        Parameters
        ----------
        rows : (rows, columns) numbers of the table's rows
        """
        model = self.model
        outputs = model.population.predict(self._rows.assembled(rows), self.device)[0]
        if self.kind != "numbers":
            return outputs
        return in_units(outputs.astype(np.float64), model.target_scaler, model.transform)


def kind_of(target: TargetInfo) -> str:
    """What is predicted: "classes", "labels" or "numbers"."""
    return "labels" if target.labels else "classes" if target.classes else "numbers"
