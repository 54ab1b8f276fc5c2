"""Users' samples made ready for kernels, or refused before any work."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .kernels.math import LOSSES
from .kernels.task import Samples
from .network import MLP


def check_inputs(X, mlp: MLP, dtype, name: str = "X") -> np.ndarray:
    """Inputs as a contiguous (samples, inputs) array.

    Raises
    ------
    TypeError, ValueError
        Not numeric, another shape than the network's inputs ask for, no rows, NaN or infinity.
    """
    array = _numeric(name, X, dtype)
    if array.ndim != 2 or array.shape[1] != mlp.inputs:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (samples, {mlp.inputs}) "
            f"for layers={mlp.layers}"
        )
    if len(array) == 0:
        raise ValueError(f"{name} has no rows")
    return _finite(name, array)


def check_samples(X, y, weights, mlp: MLP, dtype, suffix: str = "") -> Samples:
    """Inputs, targets and sample weights that fit each other and the network.

    Raises
    ------
    TypeError, ValueError
        As :func:`check_inputs`; another number of targets than rows; labels that are not
        integers from 0 to outputs - 1; negative weights.
    """
    inputs = check_inputs(X, mlp, dtype, f"X{suffix}")
    targets = _check_targets(y, mlp, dtype, f"y{suffix}")
    if len(targets) != len(inputs):
        raise ValueError(f"X{suffix} has {len(inputs)} rows, y{suffix} has {len(targets)}")
    if weights is None:
        return Samples(inputs, targets, np.ones(len(inputs), dtype))
    weights = _finite("sample_weight", _numeric("sample_weight", weights, dtype))
    if weights.shape != (len(inputs),):
        raise ValueError(f"sample_weight has shape {weights.shape}, expected ({len(inputs)},)")
    if (weights < 0).any():
        raise ValueError("sample_weight must not be negative")
    return Samples(inputs, targets, weights)


def check_rows(rows, n: int, samples: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Folds, and each network's fold number.

    Parameters
    ----------
    rows : None, or a list of index arrays and an (n,) array of numbers into that list

    Raises
    ------
    TypeError, ValueError
        Another form; an empty fold; an index out of range.
    """
    if rows is None:
        return [np.arange(samples)], np.zeros(n, np.int64)
    try:
        folds, fold = rows
        folds, fold = [np.asarray(part) for part in folds], np.asarray(fold)
    except (TypeError, ValueError):
        raise TypeError("rows must be (list of index arrays, (n,) fold numbers)") from None
    if fold.shape != (n,) or fold.dtype.kind not in "iu":
        raise ValueError(f"rows: expected {n} whole fold numbers, got shape {fold.shape}")
    if fold.min() < 0 or fold.max() >= len(folds):
        raise ValueError(f"rows: fold numbers must lie in 0 to {len(folds) - 1}")
    for k, part in enumerate(folds):
        if part.ndim != 1 or part.dtype.kind not in "iu" or part.size == 0:
            raise ValueError(f"rows: fold {k} must be a one-dimensional array of row numbers")
        if part.min() < 0 or part.max() >= samples:
            raise ValueError(f"rows: fold {k} has row numbers outside 0 to {samples - 1}")
    return [part.astype(np.int64) for part in folds], fold.astype(np.int64)


def check_memory(what: str, size: int, dtype: str) -> None:
    """Raise ``MemoryError`` where ``size`` numbers cannot fit into the memory that is free."""
    wanted, free = size * np.dtype(dtype).itemsize, free_memory()
    if wanted > free:
        raise MemoryError(
            f"{what} take {wanted / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free: "
            "take fewer at a time"
        )


def free_memory() -> int:
    """Bytes that this process may still take: the machine's and the container's limit."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration, ValueError):
        free = 1 << 62  # not Linux: the allocation itself will say
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        free = min(free, limit - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no limit
    return free


def _check_targets(y, mlp: MLP, dtype, name: str) -> np.ndarray:
    array = np.asarray(y)
    link = LOSSES[mlp.loss].link
    if link == "softmax" and array.ndim == 1:
        return _check_labels(array, mlp, dtype, name)
    array = _numeric(name, y, dtype)
    if array.ndim == 1 and mlp.outputs == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != mlp.outputs:
        also = f"({len(array)},) or " if mlp.outputs == 1 or link == "softmax" else ""
        raise ValueError(
            f"{name} has shape {np.shape(y)}, expected {also}(samples, {mlp.outputs}) "
            f"for {mlp.loss} and layers={mlp.layers}"
        )
    if link != "identity" and array.size and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(f"{name}: {mlp.loss} wants targets from 0 to 1")
    return _finite(name, np.ascontiguousarray(array))


def _check_labels(labels: np.ndarray, mlp: MLP, dtype, name: str) -> np.ndarray:
    if labels.dtype.kind not in "iub":
        if labels.dtype.kind != "f" or not (labels == np.floor(labels)).all():
            raise TypeError(
                f"{name} must be integer classes from 0 to {mlp.outputs - 1} for {mlp.loss}, "
                f"got {labels.dtype}: number the classes first, e.g. with numpy.unique"
            )
    if labels.size and (labels.min() < 0 or labels.max() >= mlp.outputs):
        raise ValueError(
            f"{name} has classes from {labels.min()} to {labels.max()}; "
            f"{mlp.outputs} outputs allow 0 to {mlp.outputs - 1}"
        )
    return np.ascontiguousarray(labels[:, None], dtype=dtype)


def _numeric(name: str, values, dtype) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(values, dtype=dtype)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a numeric array, got {type(values).__name__}") from None


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{name} has NaN or infinity, first at {where}: drop or fill such values first"
        )
    return array
