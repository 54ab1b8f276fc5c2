"""Rows that are put together of a table's values, as a network's inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...tables.input_info import InputInfo


class EncodedRows(NamedTuple):
    """A table's rows, encoded once: a column's inputs are its value's, whatever the others are.

    Attributes
    ----------
    encoded : (rows, inputs) of the table's rows
    inputs : for each column that may be exchanged the numbers of its inputs, none where it has none
    """

    encoded: np.ndarray
    inputs: list[np.ndarray]

    @classmethod
    def of(cls, info: InputInfo, table: Any, columns: Sequence[str], dtype: Any) -> EncodedRows:
        """A table's rows as an encoding makes them.

        Parameters
        ----------
        columns : names of those that may be exchanged
        dtype : of the inputs
        """
        made_of: list[str] = []
        for column in info.encoding.used:
            made_of += [column.name] * len(column.features)
        names = np.array(made_of)
        if info.expansion is not None:
            names = names[[line.source for line in info.expansion.lines]]
        encoded = info.encode(table, dtype)
        return cls(encoded, [np.flatnonzero(names == column) for column in columns])

    def assembled(self, rows: np.ndarray) -> np.ndarray:
        """The inputs of rows that have each column's value from a row of its own.

        Parameters
        ----------
        rows : (rows, columns) numbers of the table's rows

        Returns
        -------
        (rows, inputs)
        """
        usual = _usual(rows)
        inputs = self.encoded[usual]
        for k in np.flatnonzero((rows != usual[:, None]).any(axis=0)):
            own = self.inputs[k]
            inputs[:, own] = self.encoded[np.ix_(rows[:, k], own)]
        return inputs


def own_rows(rows: int, columns: int) -> np.ndarray:
    """(rows, columns) row numbers: each row has all values of its own."""
    return np.repeat(np.arange(rows)[:, None], columns, axis=1)


def _usual(rows: np.ndarray) -> np.ndarray:
    """The row numbers of most columns, where at most one has others."""
    first, last = rows[:, 0], rows[:, -1]
    return first if np.array_equal(first, last) else rows[:, rows.shape[1] // 2]
