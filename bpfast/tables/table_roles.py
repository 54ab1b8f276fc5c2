"""A table's columns, by their roles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from .array_roles import Split, target_arrays
from .identifiers import find_identifiers
from .known_inputs import KnownInputs
from .reading.frames import as_frame, is_table
from .roles import DROPPED, Roles, find_columns, list_names
from .values import Typed, Writing, as_moments, as_words, typed
from .values.booleans import find_booleans
from .values.native import convert_native

# Roles of values beside the table.
MAY_BE_BESIDE = ("target", "groups", "time_column", "sample_weight")


class TypeOptions(NamedTuple):
    """How columns of text get their types.

    Attributes
    ----------
    missing : words that stand for missing values, beside the usual ones
    decimal : "." or ",", or None to see from the numbers
    notes, writing : of columns that have their types already
    """

    missing: Collection[str] = ()
    decimal: str | None = None
    notes: Mapping[str, str] = {}
    writing: Mapping[str, Writing] = {}


def split_table(
    frame: pl.DataFrame,
    roles: Roles,
    text: TypeOptions,
    known: KnownInputs | None = None,
) -> Split:
    """The rows of a table that have a target, and their columns by roles.

    Parameters
    ----------
    known : inputs that these are other rows of: they take the same types

    Raises
    ------
    ValueError
        A column that is not there, has two roles, or lacks values that its role needs; no rows
        with a target; no inputs.
    """
    names = _names_by_role(frame.columns, frame.height, roles)
    table = _typed(frame.drop(names["drop"]), names, text, known)
    target = _target(table.frame, roles.target, names["target"])
    rows = _rows_with(target, frame.height)
    left_out = _left_out(table.frame, names, known)
    inputs = table.frame.select(name for name in table.frame.columns if name not in left_out)
    if not inputs.width and frame.width == 1:
        raise ValueError(
            f"the table has one column, {frame.columns[0]!r}, and needs others to predict it from: "
            "set separator if there are some"
        )
    if not inputs.width:
        why = ", ".join(f"{name} ({reason})" for name, reason in left_out.items())
        raise ValueError(f"no column is left to predict from: {why}; keep one of them")
    inputs, booleans = _with_booleans(inputs, names["categorical"])
    if len(rows) < inputs.height:  # a copy, which a large table has no memory for without need
        inputs = inputs[rows]
    beside = _Beside(table.frame, names, rows)
    writing = {**text.writing, **table.writing}
    return Split(
        rows=frame.height,
        target={name: _target_array(series, rows, writing) for name, series in target.items()},
        row_numbers=rows,
        inputs=inputs,
        groups=beside.groups(roles.groups),
        time=beside.times(roles.time_column),
        weights=beside.weights(roles.sample_weight),
        left_out={name: left_out[name] for name in frame.columns if name in left_out},
        notes=_join_notes(frame.columns, text.notes, table.notes, booleans),
        writing=writing,
        numeric=frozenset(names["numeric"]),
        categorical=frozenset(names["categorical"]),
        keep=frozenset(names["keep"]),
    )


def _names_by_role(columns: list[str], rows: int, roles: Roles) -> dict[str, list[str]]:
    """The names of the columns of each role; none where values beside the table have it."""
    if roles.target is None:
        raise ValueError(f"no target was given: name one of the columns {list_names(columns)}")
    names = {}
    for role, asked in vars(roles).items():
        may_be = role in MAY_BE_BESIDE
        beside = may_be and (asked is None or _is_beside(role, asked, columns, rows))
        names[role] = [] if beside else find_columns(columns, asked, role)
        if role in MAY_BE_BESIDE[1:] and len(names[role]) > 1:
            raise ValueError(f"{role} takes one column, got {', '.join(names[role])}")
    for role in ("groups", "time_column", "sample_weight", "drop"):
        for name in names[role]:
            if name in names["target"] or (role != "drop" and name in names["drop"]):
                other = "the target" if name in names["target"] else "dropped"
                raise ValueError(f"column {name!r} is {other} and is in {role}: give it one role")
    return names


def _is_beside(role: str, asked: Any, columns: list[str], rows: int) -> bool:
    """Whether a role is given as values beside the table, not as columns of it.

    A list as long as the table is values; a tuple of names is columns all the same.
    """
    if isinstance(asked, (str, int, np.integer)):
        return False
    if isinstance(asked, tuple) and asked and all(name in columns for name in asked):
        return False
    if not hasattr(asked, "__len__"):
        raise TypeError(
            f"{role} must be a column's name, or an array of a value for each row, got "
            f"{type(asked).__name__}"
        )
    if isinstance(asked, Sequence) and len(asked) != rows:
        return not all(isinstance(column, (str, int)) for column in asked)
    return bool(len(asked))


def _typed(
    frame: pl.DataFrame, names: dict[str, list[str]], text: TypeOptions, known: KnownInputs | None
) -> Typed:
    """The table with types; those of known inputs, where there are any."""
    if known is not None:
        like_known = known.read(frame, text.missing)
        others = typed(frame.select(names["target"]), text.missing, text.decimal)
        return others._replace(frame=pl.concat([like_known, others.frame], how="horizontal"))
    numeric, categorical = (
        [name for name in names[role] if name not in names["drop"]]
        for role in ("numeric", "categorical")
    )
    return typed(frame, text.missing, text.decimal, numeric, categorical)


def _target(frame: pl.DataFrame, asked: Any, names: list[str]) -> dict[str, pl.Series]:
    """The columns of the target, null where it is missing."""
    if names:
        return {name: _with_nulls(frame[name]) for name in names}
    if is_table(asked):
        columns = as_frame(asked).get_columns()
    else:
        columns = [_series(name, values) for name, values in target_arrays(asked).items()]
    for series in columns:
        if len(series) != frame.height:
            called = f" {series.name!r}" if series.name else ""
            raise ValueError(
                f"the target{called} has {len(series)} values, and the table {frame.height} rows: "
                "give a value for each row"
            )
    return {series.name: _with_nulls(series) for series in columns}


def _series(name: str, values: Any) -> pl.Series:
    """Values beside the table as a column."""
    return as_frame({"values": values}).to_series().alias(name)


def _with_nulls(series: pl.Series) -> pl.Series:
    """A target's column, null for NaN and for words that are marks of missing values."""
    if series.dtype.is_float():
        return series.fill_nan(None)
    if series.dtype in (pl.String, pl.Categorical, pl.Enum):
        return as_words(series)
    return convert_native(series)[0]


def _rows_with(target: dict[str, pl.Series], height: int) -> np.ndarray:
    """The numbers of the rows that have a target."""
    for name, series in target.items():
        if series.dtype.is_temporal():
            called = f" {name!r}" if name else ""
            raise ValueError(
                f"the target{called} is dates or times: give one of classes or numbers, such as "
                "days since the first"
            )
    present = pl.DataFrame([*target.values()]).select(pl.all_horizontal(pl.all().is_not_null()))
    rows = np.flatnonzero(present.to_series().to_numpy())
    if not len(rows):
        raise ValueError(
            f"none of {height} rows has a target, {' and '.join(target) or 'given beside'}: give "
            "one with values"
        )
    return rows


def _target_array(
    series: pl.Series, rows: np.ndarray, writing: Mapping[str, Writing]
) -> np.ndarray:
    """A target's values in rows that have them all, as numbers, truth values or words."""
    values = series[rows]
    if values.dtype == pl.String:
        return values.to_numpy().astype(str)
    if values.dtype.is_float() and series.null_count() and (values == values.floor()).all():
        values = values.cast(pl.Int64)  # integers are floats in a table that has no holes for them
    if values.dtype == pl.Float32 and series.name in writing:
        values = values.cast(pl.String).cast(pl.Float64)  # the digits that were written
    return values.to_numpy()


def _left_out(
    frame: pl.DataFrame, names: dict[str, list[str]], known: KnownInputs | None
) -> dict[str, str]:
    """Why each column of the table that is no input is none."""
    left_out = {
        **dict.fromkeys(names["drop"], DROPPED),
        **dict.fromkeys(names["sample_weight"], "weights"),
        **dict.fromkeys(names["groups"], "groups"),
        **dict.fromkeys(names["target"], "the target"),
    }
    if known is not None:
        return {name: "no input" for name in frame.columns if name not in known.frame.columns}
    inputs = [*names["keep"], *names["numeric"], *names["categorical"], *names["time_column"]]
    return find_identifiers(frame, inputs) | left_out


def _with_booleans(
    frame: pl.DataFrame, categorical: Collection[str]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Inputs with truth values for the words yes and no, and the like; and what was done."""
    found = {
        series.name: booleans
        for series in frame
        if series.dtype in (pl.String, pl.Categorical, pl.Enum) and series.name not in categorical
        if (booleans := find_booleans(series)) is not None
    }
    return frame.with_columns(found.values()), dict.fromkeys(found, "words for true and false")


class _Beside(NamedTuple):
    """What is beside inputs and target: columns of the table, or values given beside it."""

    frame: pl.DataFrame
    names: dict[str, list[str]]
    rows: np.ndarray

    def groups(self, asked: Any) -> np.ndarray | None:
        values = self._values("groups", asked)
        if values is None:
            return None
        return values.to_numpy() if values.dtype.is_numeric() else as_words(values).to_numpy()

    def times(self, asked: Any) -> np.ndarray | None:
        values = self._values("time_column", asked)
        if values is None:
            return None
        if values.dtype.is_numeric():
            return values.cast(pl.Float64).to_numpy()
        try:
            moments = as_moments(values)
        except ValueError as error:
            raise ValueError(f"time_column: {error}") from None
        return moments.to_physical().cast(pl.Float64).to_numpy() / 1e6

    def weights(self, asked: Any) -> np.ndarray | None:
        values = self._values("sample_weight", asked)
        if values is None:
            return None
        numbers = values.cast(pl.Float64, strict=False) if values.dtype.is_numeric() else None
        bad = 0 if numbers is None else (numbers < 0).arg_max() or 0
        if numbers is None or numbers[bad] < 0:
            raise ValueError(
                f"sample_weight {values.name!r} is {values[bad]} in row {int(self.rows[bad]) + 1}: "
                "give numbers that are not negative"
            )
        return numbers.to_numpy()

    def _values(self, role: str, asked: Any) -> pl.Series | None:
        """Of the rows that have a target; none may be missing."""
        if asked is None:
            return None
        if self.names[role]:
            series = self.frame[self.names[role][0]]
        else:
            series = typed(_series(role, asked).to_frame()).frame[role]
        if len(series) != self.frame.height:
            raise ValueError(
                f"{role} has {len(series)} values, and the table {self.frame.height} rows: give a "
                "value for each row"
            )
        values = series[self.rows]
        if values.null_count():
            row = int(self.rows[values.is_null().arg_max() or 0]) + 1
            raise ValueError(
                f"{role} {series.name!r} is missing in row {row}: fill or leave it out"
            )
        return values


def _join_notes(columns: list[str], *notes: Mapping[str, str]) -> dict[str, str]:
    """For each column of the table all that was done with it."""
    return {
        name: "; ".join(dict.fromkeys(said for own in notes if (said := own.get(name, ""))))
        for name in columns
    }
