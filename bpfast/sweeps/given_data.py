"""The data that a user gives a sweep: arrays, or tables with names of columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    missing: Collection[str] = ()

    def dataset(self, X: Any) -> Dataset:
        """The rows of a table, or of an array, that have a target; a ``Dataset`` is there already.

        Raises
        ------
        TypeError, ValueError
            Bad input, such as a column that is not there.
        """
        if isinstance(X, Dataset):
            return X
        data = as_frame(X) if is_table(X) else check_array("X", X, np.float64)
        return dataset_of(
            data,
            self.roles,
            task=self.task,
            target_transform=self.target_transform,
            missing=_listed(self.missing),
        )

    def test_dataset(self, test_data: Any, dataset: Dataset) -> Dataset | None:
        return None

    def describe(self) -> dict[str, Any]:
        """As JSON has it: what an older bpfast did not have."""
        lists = {name: getattr(self.roles, name) for name in LISTS} | {"missing": self.missing}
        listed = {name: [*map(str, _listed(given))] for name, given in lists.items()}
        return listed | {"target_transform": self.target_transform}


LISTS = ("drop", "numeric", "categorical", "keep")  # of columns


def _listed(given: Any) -> Sequence[Any]:
    """One value or several, as a list."""
    return [given] if isinstance(given, (str, int)) else [*given]
