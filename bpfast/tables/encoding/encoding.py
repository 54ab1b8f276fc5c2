"""A table as a network's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..roles import list_names
from .column import Column
from .left_out import LeftOut
from .number import Number
from .words import Words


@dataclass(frozen=True)
class Encoding:
    """What each column of a table is encoded as, found from training rows.

    Parameters
    ----------
    columns : the table's columns, in order, with those that are left out
    """

    columns: tuple[Column, ...]

    @cached_property
    def features(self) -> list[str]:
        """Names of the inputs."""
        return [feature for column in self.columns for feature in column.features]

    @property
    def bounded(self) -> list[bool]:
        """For each input whether it stays from -1 to 1."""
        return [flag for column in self.columns for flag in column.bounded]

    @property
    def used(self) -> list[Column]:
        """The columns that are not left out."""
        return [column for column in self.columns if column.kind != LeftOut.kind]

    @property
    def of_array(self) -> list[Column]:
        """The columns that an array of the inputs has: all but those left out before encoding."""
        return [c for c in self.columns if not (isinstance(c, LeftOut) and c.before)]

    def encode(self, table) -> np.ndarray:
        """The inputs, (rows, inputs) float64.

        Parameters
        ----------
        table : a polars ``DataFrame`` with the columns that are used, in any order and of any
            types, other columns or not; or an array of the columns in order

        Raises
        ------
        ValueError
            Columns are not there; text where a number or a moment is expected.
        """
        X = np.empty((len(table), len(self.features)))
        for column, inputs, values in self.parts(table):
            X[:, inputs] = column.encode(values)
        return X

    def parts(self, table) -> Iterator[tuple[Column, slice, Any]]:
        """Each column that is used, the inputs that it makes, and its values."""
        first = 0
        for column, values in zip(self.used, self._columns_of(table), strict=True):
            last = first + len(column.features)
            yield column, slice(first, last), values
            first = last

    def describe(self) -> list[dict[str, Any]]:
        """A row for each column: its name, kind, number of inputs, and what is done with it."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "inputs": len(column.features),
                "done": "; ".join(filter(None, [column.note, column.done])),
            }
            for column in self.columns
        ]

    def to_plain(self) -> list[dict[str, Any]]:
        """All of it for JSON."""
        return [column.to_plain() for column in self.columns]

    @classmethod
    def from_plain(cls, plain: Sequence[dict[str, Any]] | Mapping[str, list[str]]) -> Encoding:
        """What :meth:`to_plain` described.

        A mapping is what models of older versions have: each column's words, or none for numbers.
        """
        if not isinstance(plain, Mapping):
            return cls(tuple(Column.from_plain(column) for column in plain))
        return cls(
            tuple(
                Words(name=name, words=tuple(words), exact=True)
                if words
                else Number(name=name, median=None)
                for name, words in plain.items()
            )
        )

    def _columns_of(self, table) -> list[Any]:
        """The values of the columns that are used."""
        if isinstance(table, np.ndarray):
            return self._columns_of_array(table)
        given = {*table.columns}
        # older versions kept the spaces around a name
        names = [c.name if c.name in given else c.name.strip() for c in self.used]
        lacking = [name for name in names if name not in given]
        if lacking:
            columns = "column" if len(lacking) == 1 else "columns"
            raise ValueError(
                f"the table has no {columns} {list_names(lacking, quoted=True)}, which the model "
                f"was trained with; its columns are {list_names(table.columns)}"
            )
        from ..values.native import check_native  # imports polars, which made the table

        for name in names:
            check_native(table[name])
        return [table[name] for name in names]

    def _columns_of_array(self, table: np.ndarray) -> list[np.ndarray]:
        columns = self.of_array
        if table.ndim != 2 or table.shape[1] != len(columns):
            raise ValueError(f"X has shape {table.shape}, expected (samples, {len(columns)})")
        return [table[:, k] for k, column in enumerate(columns) if column.kind != LeftOut.kind]
