"""A data set: rows with a target, their inputs, and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import import_optional
from ..plurals import many
from .array_roles import split_array
from .roles import Roles
from .target import Target, find_target, target_like

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Dataset:
    """Rows with a target.

    Attributes
    ----------
    name : what the data are called
    inputs : the rows' columns in the table's order, with the types of their values; or an array
        (rows, columns) of numbers
    target : what is predicted
    left_out : why each column of the table that is no input is none
    notes : for each column of the table, in its order, what was done with its values, such as
        "percent signs taken off"; mostly ""
    writing : how the values of each column that came as text were written
    numeric, categorical, keep : columns that the user says are numbers, words, and inputs
    groups : (rows,) of any dtype: rows of one group belong together; None for no groups
    time : (rows,) float64: when each row was, to order rows by; None if not given
    weights : (rows,) float64: what each row counts; None if not given
    row_numbers : (rows,) the rows' numbers in the table that was given, from 0
    without_target : how many rows were left out because they have no target
    dialect : how the table was written in its file, or None
    input_names : names of an array's columns, where they are known
    """

    name: str
    inputs: pl.DataFrame | np.ndarray
    target: Target
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    writing: Mapping[str, Any] = field(default_factory=dict)
    numeric: frozenset[str] = frozenset()
    categorical: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    weights: np.ndarray | None = None
    row_numbers: np.ndarray = field(default_factory=lambda: np.arange(0))
    without_target: int = 0
    dialect: Any = None
    input_names: tuple[str, ...] = ()

    def without_inputs(self) -> Dataset:
        """All but the inputs, which may be large."""
        return replace(self, inputs=self.inputs[:0])


def dataset_of(
    data: pl.DataFrame | np.ndarray,
    roles: Roles,
    *,
    task: str = "auto",
    target_transform: str = "none",
    missing: Collection[str] = (),
    name: str = "table",
    dialect: Any = None,
    like: Dataset | None = None,
) -> Dataset:
    """A data set of a table, or of an array.

    Parameters
    ----------
    data : a polars ``DataFrame`` (its text is given types here), or an array (rows, columns) of
        numbers, whose columns are called x0, x1, ... and all stay inputs
    roles : which columns are the target, groups, ...; or arrays beside the table
    task : "classification", "regression", or "auto" to see from the target
    target_transform : "none", "log", or "auto" for a logarithm where the target has a long tail
    missing : words that stand for missing values, beside the usual ones
    dialect : how the table was written in its file; as :class:`.reading.dialect.Dialect` says it
    like : a data set of which these are other rows: the target's kind, classes and transform are
        as there, and so are the types of columns and what is left out

    Raises
    ------
    TypeError, ValueError
        A column that is not there, no inputs, no rows with a target, ...
    """
    if isinstance(data, np.ndarray):
        split = split_array(data, roles)
    else:
        import_optional("polars", "sweep")
        from .known_inputs import KnownInputs
        from .table_roles import TypeOptions, split_table

        text = TypeOptions(missing)
        if dialect is not None:
            text = TypeOptions(missing, dialect.decimal, dialect.notes, dialect.writing)
        known = None
        if like is not None and not isinstance(like.inputs, np.ndarray):
            known = KnownInputs(like.inputs, like.writing)
        split = split_table(data, roles, text, known)
    kept = split._asdict()
    left_out = kept.pop("rows") - len(split.row_numbers)
    if like is None:
        target = _found(split.target, task, target_transform, left_out)
    else:
        target = target_like(split.target, like.target)
    kept |= {"name": name, "target": target, "dialect": dialect}
    return Dataset(**kept, without_target=left_out)


def _found(
    columns: Mapping[str, np.ndarray], task: str, target_transform: str, left_out: int
) -> Target:
    """The target; what is wrong with it may be that rows without one were left out."""
    try:
        return find_target(columns, task, target_transform)
    except ValueError as error:
        if not left_out:
            raise
        raise ValueError(
            f"{error}; {many(left_out, 'row')} without a target left out, as are those whose "
            "target is NA, null and the like"
        ) from None
