"""Plain arrays, which scikit-learn's validation hands back as they are, and takes long to look at.

What is plain is small, too: elsewhere validation takes no time that counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.preprocessing import LabelBinarizer

from ..checks import is_finite

SMALL = 1 << 20  # numbers


def is_plain(X: Any) -> bool:
    """Whether X is nothing but finite numbers in the rows and columns of an array of NumPy."""
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in (np.float64, np.float32)
        and 0 < X.size <= SMALL
        and is_finite(X)
    )


def has_known_columns(X: Any, estimator: Any) -> bool:
    """Whether X is plain, with the columns that a fitted estimator knows, which have no names."""
    known = vars(estimator)
    return (
        is_plain(X)
        and X.shape[1] == known.get("n_features_in_")
        and "feature_names_in_" not in known
    )


def targets_of(estimator: Any, X: Any, y: Any) -> np.ndarray | None:
    """What scikit-learn's validation would give for y; None where it has to look itself.

    The attributes that it would set are set.
    """
    if not is_plain(X) or type(y) is not np.ndarray or y.shape[:1] != X.shape[:1]:
        return None
    targets = _labels(estimator, y) if is_classifier(estimator) else _numbers(y)
    if targets is not None:
        estimator.n_features_in_ = X.shape[1]
        vars(estimator).pop("feature_names_in_", None)
    return targets


def _numbers(y: np.ndarray) -> np.ndarray | None:
    """The numbers of y, (samples,) or (samples, outputs)."""
    known = y.dtype.kind in "iu" or (y.dtype in (np.float64, np.float32) and is_finite(y))
    return y if known and (y.ndim == 1 or (y.ndim == 2 and y.shape[1] > 1)) else None


def _labels(estimator: Any, y: np.ndarray) -> np.ndarray | None:
    """The classes of y, (samples, 1) or (samples, classes) bool."""
    if y.ndim != 1 or y.dtype.kind not in "iu" or not y.dtype.isnative:
        return None
    classes, numbers = np.unique(y, return_inverse=True)
    binarizer = LabelBinarizer()
    binarizer.y_type_ = "multiclass" if len(classes) > 2 else "binary"
    binarizer.sparse_input_ = False
    estimator._label_binarizer, binarizer.classes_ = binarizer, classes
    estimator.classes_ = classes
    if len(classes) > 2:
        return numbers[:, None] == np.arange(len(classes))
    return (numbers == 1)[:, None]
