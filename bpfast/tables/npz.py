"""NPZ files: arrays X, of inputs, and y, of targets."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from .columns import Columns, check_finite_inputs, shorten
from .dataset import Dataset


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
