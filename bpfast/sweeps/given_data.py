"""The data that a user gives a sweep: arrays, or tables with names of columns."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_array
from ..tables.dataset import Dataset, dataset_of
from ..tables.reading.frames import as_frame, is_table
from ..tables.roles import Roles


class TableOptions(NamedTuple):
    """What a table's columns are for, and how they are read: arguments of :func:`bpfast.sweep`."""

    roles: Roles
    task: str = "auto"
    target_transform: str = "none"
    missing: str | Collection[str] = ()

    def dataset(self, X: Any) -> Dataset:
        """The rows of a table, or of an array, that have a target.

        Raises
        ------
        TypeError, ValueError
            Bad input, such as a column that is not there, or no target.
        """
        if self.roles.target is None:
            raise TypeError("y is missing: give the target's values, or its column in a table X")
        return dataset_of(
            _frame_or_array(X),
            self.roles,
            task=self.task,
            target_transform=self.target_transform,
            missing=self._marks,
        )

    def test_dataset(self, test_data: Any, dataset: Dataset) -> Dataset | None:
        """The rows of a test part that is given, read as those of a data set; None for none.

        Parameters
        ----------
        test_data : a table with the target's columns, (X, y), or None

        Raises
        ------
        TypeError, ValueError
            Bad input, such as a class that the data set has not.
        """
        if test_data is None:
            return None
        is_pair = isinstance(test_data, (tuple, list)) and len(test_data) == 2
        if is_pair and not (isinstance(test_data, list) and is_table(test_data)):
            X, target = test_data
        elif is_table(test_data) and any(dataset.target.names):
            X, target = test_data, dataset.target.names
        else:
            raise TypeError(
                "test_data must be (X, y), or a table with the target's column where y is a "
                f"column's name, got {type(test_data).__name__}"
            )
        roles = Roles(target)
        return dataset_of(_frame_or_array(X), roles, missing=self._marks, like=dataset)

    @property
    def _marks(self) -> Collection[str]:
        return (self.missing,) if isinstance(self.missing, str) else self.missing


def _frame_or_array(X: Any) -> Any:
    if isinstance(X, (str, Path)):
        raise TypeError(f"X is {str(X)!r}: if it is a file, give bpfast.read_table({str(X)!r})")
    return as_frame(X) if is_table(X) else check_array("X", X, np.float64)
