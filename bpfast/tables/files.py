"""Reading of data sets to train on, and of inputs to predict from."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import check_choice
from ..errors import import_optional
from .columns import (
    Columns,
    check_columns,
    check_finite_inputs,
    encode,
    feature_names,
    fit_columns,
    shorten,
)
from .reading.sources import BUILT_IN, STDIO, data_file, load_built_in, source_name
from .target import TASKS, check_target


@dataclass(frozen=True)
class Dataset:
    """Samples with a target.

    Attributes
    ----------
    name : what the data are called
    X : (samples, features) float64
    y : (samples,) class numbers, or (samples,) float64
    columns : the columns that X was made of
    classes : the classes' names, empty for regression
    groups : (samples,) of any dtype: rows of one group belong together; None for no groups
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    columns: Columns
    classes: list[str] = field(default_factory=list)
    groups: np.ndarray | None = None

    @property
    def features(self) -> list[str]:
        """Names of the columns of X."""
        return feature_names(self.columns)


def read_dataset(
    source: str, target: str | None = None, task: str = "auto", groups: str | None = None
) -> Dataset:
    """Read a data set.

    Parameters
    ----------
    source : a CSV, Parquet or NPZ file, or digits, breast_cancer, wine, diabetes, iris
    target : the target's column, or array in an NPZ file (there "y" if not given)
    task : "classification", "regression", or "auto" to see from the target
    groups : the column, or array in an NPZ file, that says which rows belong together

    Raises
    ------
    ValueError, OSError, ImportError
        A file or column that is not there, missing values, text that is no number.
    """
    check_choice("task", task, TASKS)
    if source in BUILT_IN:
        return _read_built_in(source, target, task, groups)
    path = data_file(source)
    if path.suffix == ".npz":
        raw = read_npz(path, target or "y", groups)
    else:
        raw = replace(_read_table(str(path), target, groups), name=path.stem)
    if raw.y.dtype.kind == "f":
        check_finite_inputs(source, raw.y[:, None], [target or "y"])
    y, classes = check_target(raw.y, task)
    return replace(raw, y=y, classes=classes)


def read_inputs(source: str, columns: Columns) -> np.ndarray:
    """Read what a model predicts from.

    Parameters
    ----------
    source : as for :func:`read_dataset`, or "-" for CSV from standard input
    columns : what the model was trained with. They are found by name, whatever their order and
        what is beside them; an NPZ file's X has no names, and is taken as it is.

    Returns
    -------
    (samples, inputs) float64

    Raises
    ------
    ValueError, OSError, ImportError
        A file or column that is not there, no rows, missing values, text that is no number, a
        category that the model was not trained with.
    """
    if source.endswith(".npz"):
        return read_npz_inputs(data_file(source), feature_names(columns))
    frame = read_frame(source, [name for name, categories in columns.items() if categories])
    source = source_name(source)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(
            f"{source} lacks {shorten(missing)}, of the {len(columns)} columns that the model "
            f"was trained with; its columns are {shorten(frame.columns)}"
        )
    if frame.height == 0:
        raise ValueError(f"{source} has no rows")
    check_nulls(source, frame[list(columns)])
    check_columns(source, frame, columns)
    return encode(source, frame, columns)


def _read_built_in(name: str, target: str | None, task: str, groups: str | None) -> Dataset:
    if groups is not None:
        raise ValueError(f"{name} has no groups: leave out --groups")
    if target is not None:
        raise ValueError(f"{name} has its own target: leave out --target")
    bunch = load_built_in(name)
    own = "regression" if name == "diabetes" else "classification"
    y, classes = check_target(bunch.target, own if task == "auto" else task)
    if classes:
        classes = [str(c) for c in getattr(bunch, "target_names", classes)]
    return Dataset(name, bunch.data, y, {str(f): [] for f in bunch.feature_names}, classes)


def _read_table(source: str, target: str | None, groups: str | None) -> Dataset:
    """A table's encoded inputs, with the target and groups as they are in the table."""
    frame = read_frame(source)
    if target is None or target not in frame.columns:
        given = "no --target was given" if target is None else f"there is no column {target!r}"
        raise ValueError(f"{source}: {given}; its columns are {', '.join(frame.columns)}")
    if groups is not None and (groups not in frame.columns or groups == target):
        others = [name for name in frame.columns if name != target]
        raise ValueError(f"{source}: --groups {groups} is none of its columns {shorten(others)}")
    inputs = frame.drop(target, *([groups] if groups else []))
    if frame.height == 0 or inputs.width == 0:
        raise ValueError(f"{source} needs rows, and a column beside the target")
    check_nulls(source, frame)
    columns = fit_columns(source, inputs)
    X = encode(source, inputs, columns)
    together = None if groups is None else frame[groups].to_numpy()
    return Dataset(source, X, frame[target].to_numpy(), columns, groups=together)


def read_frame(source: str, words: Iterable[str] = ()) -> Any:
    """A polars ``DataFrame``; in a CSV, the columns ``words`` may be words that look like numbers.

    ``source`` is a CSV or Parquet file, "-" for CSV from standard input, or a built-in data set.
    """
    pl = import_optional("polars", "cli")
    if source in BUILT_IN:
        bunch = load_built_in(source)
        return pl.DataFrame(bunch.data, schema=[str(name) for name in bunch.feature_names])
    try:
        if source != STDIO and data_file(source).suffix == ".parquet":
            return pl.read_parquet(source)
        file = io.BytesIO(sys.stdin.buffer.read()) if source == STDIO else source
        overrides = dict.fromkeys(words, pl.String)
        return pl.read_csv(file, infer_schema_length=None, schema_overrides=overrides)
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"{source_name(source)} cannot be read: {why}") from None


def check_nulls(source: str, frame: Any) -> None:
    """Raise ``ValueError`` for missing values."""
    for series in frame:
        if series.null_count():
            row = int(series.is_null().arg_max())
            raise ValueError(
                f"{source}: column {series.name!r} has {series.null_count()} missing values, "
                f"first in row {row + 1}: fill or drop them first"
            )


def read_npz(path: Path, target: str, groups: str | None) -> Dataset:
    """The array X, with the target and groups as they are in the file."""
    arrays = _read_arrays(path)
    for name in ("X", target, *([groups] if groups else [])):
        if name not in arrays:
            raise ValueError(f"{path} holds {', '.join(arrays)}: there is no array {name!r}")
    X, y = arrays["X"], arrays[target]
    if not _is_matrix(X) or X.shape[:1] != y.shape:
        raise ValueError(
            f"{path}: expected X (samples, features) of numbers and {target} (samples,), "
            f"got shapes {X.shape} and {y.shape}"
        )
    columns: Columns = {f"x{k}": [] for k in range(X.shape[1])}
    X = check_finite_inputs(path, X.astype(np.float64), [*columns])
    return Dataset(path.stem, X, y, columns, groups=None if groups is None else arrays[groups])


def read_npz_inputs(path: Path, names: list[str]) -> np.ndarray:
    """The array X, (samples, inputs) float64, for inputs of some names."""
    arrays = _read_arrays(path)
    X = arrays.get("X", np.empty(0))
    if not _is_matrix(X) or X.shape[1] != len(names) or not len(X):
        held = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"{path}: expected an array X (samples, {len(names)}) of numbers for the inputs "
            f"{shorten(names)}, got {held or 'no array'}"
        )
    return check_finite_inputs(path, X.astype(np.float64), names)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is not one that numpy.savez wrote whole")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _is_matrix(X: np.ndarray) -> bool:
    return X.ndim == 2 and X.dtype.kind in "iufb"
