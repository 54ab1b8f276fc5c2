"""The data that ``bpfast sweep`` is asked to train on, and those to test with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..sweeps.folds import Splitting
from ..sweeps.parts import SweepData
from ..tables.dataset import Dataset, dataset_of
from ..tables.reading.npz import read_npz
from ..tables.reading.sources import BUILT_IN, data_file, load_built_in, source_name
from ..tables.reading.table import read_frame
from ..tables.roles import Roles, list_names
from .options import flag
from .request import Request

OF_COLUMNS = ("drop", "numeric", "categorical", "keep", "time_column", "sample_weight")


def read_dataset(request: Request) -> Dataset:
    """The rows of the data that have a target, and what their columns are for.

    Raises
    ------
    ValueError, OSError, ImportError
        A file that is not there or cannot be read; a column that is not there.
    """
    source = request.source
    if source in BUILT_IN:
        return _built_in(request)
    with _named_in_errors(source):
        if Path(source).suffix.lower() == ".npz":
            return _arrays(request)
        frame, dialect = read_frame(source, request.text)
        if request.target is None:
            raise ValueError(f"no --target was given; its columns are {list_names(frame.columns)}")
        roles, how = _roles(request), _how(request)
        return dataset_of(frame, roles, name=_stem(source), dialect=dialect, **how)


def read_test_dataset(request: Request, dataset: Dataset) -> Dataset | None:
    """The rows that are only tested with, read as those of the data set; None without any.

    Raises
    ------
    ValueError, OSError, ImportError
        As :func:`read_dataset`; data that are arrays have no columns to find there.
    """
    source = request.test_data
    if source is None:
        return None
    if isinstance(dataset.inputs, np.ndarray):
        raise ValueError(f"--test-data {source} is for tables; {request.source} holds arrays")
    with _named_in_errors(source):
        frame, dialect = read_frame(source, request.text)
        roles = Roles(dataset.target.names)
        how = _how(request)
        return dataset_of(frame, roles, name=_stem(source), dialect=dialect, like=dataset, **how)


def prepare(dataset: Dataset, test_data: Dataset | None, request: Request) -> SweepData:
    """What networks would be trained on."""
    splitting = Splitting(request.validation, request.test, request.cv, split=request.split)
    return SweepData.of(
        dataset,
        splitting,
        request.seed,
        metric=request.metric,
        class_weight=request.class_weight,
        test=test_data,
    )


@contextmanager
def _named_in_errors(source: str) -> Iterator[None]:
    """Name the source in errors that do not."""
    try:
        yield
    except ValueError as error:
        named = source_name(source)
        if named in str(error):
            raise
        raise ValueError(f"{named}: {error}") from None


def _how(request: Request) -> dict[str, Any]:
    """Other options of :func:`dataset_of`."""
    return {
        "task": request.task,
        "target_transform": request.target_transform,
        "missing": request.text.missing,
    }


def _roles(request: Request) -> Roles:
    """What columns are for, by names or positions: options are called as their roles."""
    asked = {role.name: getattr(request, role.name) for role in fields(Roles)}
    return Roles(**{role: columns for role, columns in asked.items() if columns is not None})


def _stem(source: str) -> str:
    return source_name(source) if not Path(source).is_file() else Path(source).name.split(".")[0]


def _arrays(request: Request) -> Dataset:
    """The arrays of an NPZ file: X, and the target, called y if no other is named."""
    _refuse_options_of_columns(request, "an NPZ file holds arrays, whose columns have no names")
    target = request.target or "y"
    names = [target, *([request.groups] if request.groups else [])]
    arrays = read_npz(data_file(request.source), names)
    groups = None if request.groups is None else arrays[request.groups]
    roles = Roles(arrays[target], groups)
    return dataset_of(arrays["X"], roles, name=_stem(request.source), **_how(request))


def _built_in(request: Request) -> Dataset:
    """One of scikit-learn's data sets: arrays, and the names of its classes."""
    name = request.source
    for option in ("target", "groups"):
        if getattr(request, option) is not None:
            has = "its own target" if option == "target" else "no groups"
            raise ValueError(f"{name} has {has}: leave out --{option}")
    _refuse_options_of_columns(request, f"{name} is an array")
    bunch = load_built_in(name)
    y, own = bunch.target, "regression" if name == "diabetes" else "classification"
    task = own if request.task == "auto" else request.task
    if task == own == "classification":
        y = np.array([str(word) for word in bunch.target_names])[y]
    dataset = dataset_of(bunch.data, Roles(y), name=name, **_how(request) | {"task": task})
    return replace(dataset, input_names=tuple(map(str, bunch.feature_names)))


def _refuse_options_of_columns(request: Request, why: str) -> None:
    for name in OF_COLUMNS:
        if getattr(request, name) is not None:
            raise ValueError(f"{flag(name)} is for columns of tables: {why}")
