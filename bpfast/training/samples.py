"""Users' samples made ready for kernels, or refused by TypeError or ValueError before any work."""

from __future__ import annotations

import numpy as np

from ..checks import check_array, check_finite
from ..kernels.tables import LOSSES
from ..kernels.task import Samples, repeated
from .network import MLP


def check_inputs(X, mlp: MLP, dtype, name: str = "X") -> np.ndarray:
    """Inputs as a contiguous (samples, inputs) array of NumPy, or of CuPy if on a GPU."""
    array = check_array(name, X, dtype, keep_on_gpu=True)
    if array.ndim != 2 or array.shape[1] != mlp.inputs:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (samples, {mlp.inputs}) "
            f"for layers={mlp.layers}"
        )
    if len(array) == 0:
        raise ValueError(f"{name} has no rows")
    return check_finite(name, array)


def check_samples(X, y, weights, mlp: MLP, dtype, suffix: str = "") -> Samples:
    """Inputs, targets and sample weights that fit each other and the network."""
    inputs = check_inputs(X, mlp, dtype, f"X{suffix}")
    targets = _check_targets(y, mlp, dtype, f"y{suffix}")
    if len(targets) != len(inputs):
        raise ValueError(f"X{suffix} has {len(inputs)} rows, y{suffix} has {len(targets)}")
    if weights is None:
        return Samples(inputs, targets, np.ones(len(inputs), dtype))
    name = f"sample_weight{suffix}"
    weights = check_array(name, weights, dtype, keep_on_gpu=True)
    if weights.shape != (len(inputs),):
        raise ValueError(f"{name} has shape {weights.shape}, expected ({len(inputs)},)")
    if (check_finite(name, weights) < 0).any():
        raise ValueError(f"{name} must not be negative, got {float(weights.min()):g}")
    return Samples(inputs, targets, weights)


def check_rows(rows, n: int, samples: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Row numbers of each fold, and each network's fold, of :func:`bpfast.fit`'s ``rows``."""
    if rows is None:
        return [np.arange(samples)], repeated(np.int64(0), n)
    try:
        folds, fold = rows
        folds, fold = [np.asarray(indices) for indices in folds], np.asarray(fold)
    except (TypeError, ValueError):
        raise TypeError("rows must be (list of index arrays, (n,) fold numbers)") from None
    _check_fold_numbers(fold, n, len(folds))
    for k, indices in enumerate(folds):
        _check_indices(k, indices, samples)
    return [indices.astype(np.int64) for indices in folds], fold.astype(np.int64)


def _check_fold_numbers(fold: np.ndarray, n: int, folds: int) -> None:
    if fold.shape != (n,) or fold.dtype.kind not in "iu":
        raise ValueError(
            f"rows: fold numbers have shape {fold.shape} and dtype {fold.dtype}, "
            f"expected an integer for each of the {n} networks"
        )
    if fold.min() < 0 or fold.max() >= folds:
        raise ValueError(
            f"rows: fold numbers from {fold.min()} to {fold.max()}, but there are {folds} "
            "folds, counted from 0"
        )


def _check_indices(k: int, indices: np.ndarray, samples: int) -> None:
    """Check the row numbers of fold k."""
    if indices.ndim != 1 or indices.size == 0 or indices.dtype.kind not in "iu":
        hint = ": numpy.flatnonzero turns a mask into them" if indices.dtype.kind == "b" else ""
        raise ValueError(
            f"rows: fold {k} has shape {indices.shape} and dtype {indices.dtype}, "
            f"expected the numbers of its rows{hint}"
        )
    if indices.min() < 0 or indices.max() >= samples:
        raise ValueError(
            f"rows: fold {k} has row numbers from {indices.min()} to {indices.max()}, "
            f"X has rows 0 to {samples - 1}"
        )


def _check_targets(y, mlp: MLP, dtype, name: str) -> np.ndarray:
    inverse_link = LOSSES[mlp.loss].inverse_link
    classes = f"integer classes for {mlp.loss} (numpy.unique numbers others)"
    wanted = classes if inverse_link == "softmax" else "an array of numbers"
    array = check_array(name, y, dtype, wanted, keep_on_gpu=True)
    if array.ndim == 1 and inverse_link == "softmax":
        return _check_labels(check_finite(name, array), mlp, name)[:, None]
    if array.ndim == 1 and mlp.outputs == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != mlp.outputs:
        also = "(samples,) or " if mlp.outputs == 1 or inverse_link == "softmax" else ""
        raise ValueError(
            f"{name} has shape {array.shape}, expected {also}(samples, {mlp.outputs}) "
            f"for {mlp.loss} and layers={mlp.layers}"
        )
    check_finite(name, array)
    if inverse_link == "exp" and array.size and array.min() < 0:
        raise ValueError(
            f"{name} has targets from {float(array.min()):g} on, {mlp.loss} wants none below 0"
        )
    shares = inverse_link in ("sigmoid", "softmax")
    if shares and array.size and not 0 <= array.min() <= array.max() <= 1:
        raise ValueError(
            f"{name} has targets from {float(array.min()):g} to {float(array.max()):g}, "
            f"{mlp.loss} wants them from 0 to 1"
        )
    return array


def _check_labels(labels: np.ndarray, mlp: MLP, name: str) -> np.ndarray:
    fractions = labels[labels != np.floor(labels)]
    if fractions.size:
        got = float(fractions[0])
        raise TypeError(f"{name} must be integer classes for {mlp.loss}, got {got:g}")
    if labels.size and not 0 <= labels.min() <= labels.max() < mlp.outputs:
        raise ValueError(
            f"{name} has classes from {float(labels.min()):g} to {float(labels.max()):g}, "
            f"{mlp.outputs} outputs allow 0 to {mlp.outputs - 1}"
        )
    return labels
