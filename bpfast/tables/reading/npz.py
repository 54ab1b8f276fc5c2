"""NPZ files: arrays X, of inputs, and others beside it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def read_npz(path: Path, names: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """The array X, (samples, inputs) float64, and others with as many samples, by their names.

    Raises
    ------
    ValueError
        No NPZ file, an array that is not there, X that is no matrix of numbers, other lengths.
    """
    arrays = _read_arrays(path)
    wanted = dict.fromkeys(("X", *names))
    for name in wanted:
        if name not in arrays:
            raise ValueError(f"{path} holds {', '.join(arrays)}: there is no array {name!r}")
    X = arrays["X"]
    others = {name: arrays[name] for name in wanted if name != "X"}
    if X.ndim != 2 or X.dtype.kind not in "iufb" or not len(X):
        raise ValueError(f"{path}: expected X (samples, inputs) of numbers, got {_described(X)}")
    for name, array in others.items():
        if array.shape[:1] != X.shape[:1]:
            raise ValueError(
                f"{path}: expected X (samples, inputs) and {name} (samples,), "
                f"got shapes {X.shape} and {array.shape}"
            )
    return {"X": X.astype(np.float64), **others}


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """All arrays as a table's columns: x0, x1, ... of X, and those of one value a sample."""
    arrays = _read_arrays(path)
    X = arrays.pop("X", np.empty((0, 0)))
    columns = {f"x{k}": column for k, column in enumerate(X.T)} if X.ndim == 2 else {}
    columns |= {name: array for name, array in arrays.items() if array.ndim == 1}
    if not columns:
        raise ValueError(f"{path} holds no table: expected an array X (samples, inputs)")
    return columns


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an NPZ file."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is not one that numpy.savez wrote whole")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _described(array: np.ndarray) -> str:
    return f"shape {array.shape} of {array.dtype}"
