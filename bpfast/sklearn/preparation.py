"""What comes before training: samples are checked, weights drawn, and some samples held out."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_random_state, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from . import plain
from .fits import Fit

# Attributes that scikit-learn's validation sets: they follow from the samples alone.
VALIDATED = ("n_features_in_", "feature_names_in_", "classes_", "_label_binarizer")

MAX_FLOAT64_SAMPLES = 200  # up to which dtype="auto" is float64, which costs little there


class Preparation:
    """Makes fits of estimators; what follows from an estimator's rows alone is done once.

    Parameters
    ----------
    X, y, sample_weight : as given to ``fit``
    incremental : whether this is for ``partial_fit``
    alone : whether this is for one estimator: where its ``random_state`` is None, it draws from
        NumPy's global state itself
    """

    def __init__(self, X, y, sample_weight, incremental: bool, alone: bool) -> None:
        self.X, self.y, self.sample_weight = X, y, sample_weight
        self.incremental, self.alone = incremental, alone
        self._validated: dict[tuple, tuple[np.ndarray, dict]] = {}

    def prepare(self, estimator, rows: np.ndarray | None) -> Fit:
        """One estimator's fit on some rows, or on all.

        Raises
        ------
        TypeError, ValueError
            scikit-learn's, in its words.
        """
        hidden = _check_hidden_layers(estimator)
        continues = estimator.warm_start or self.incremental
        first = not (continues and hasattr(estimator, "coefs_"))
        targets = self._validate(estimator, rows, first)
        weights = self._weights(estimator, rows)
        if targets.ndim == 1:
            targets = targets[:, None]
        random_state = estimator._random_state = self._random_state(estimator)
        if first:
            _initialize(estimator, targets, [estimator.n_features_in_, *hidden, targets.shape[1]])
        trained, held_out = self._split(estimator, targets, random_state)
        if weights is not None and len(held_out):
            for part in (trained, held_out):
                _check_sample_weight(weights[part], part)  # refuses a part whose weights are all 0
        if estimator.out_activation_ == "softmax":
            targets = targets.argmax(axis=1)
        fit = Fit(
            estimator=estimator,
            rows=np.arange(len(targets)) if rows is None else rows,
            targets=targets,
            weights=weights,
            trained=trained,
            held_out=held_out,
            random_state=random_state,
            incremental=self.incremental,
        )
        _check_batch_size(fit)
        return fit

    def _validate(self, estimator, rows: np.ndarray | None, first: bool) -> np.ndarray:
        """Check the samples as scikit-learn does; targets, (rows,) or (rows, outputs)."""
        key = (type(estimator), None if rows is None else rows.tobytes())
        if first and key in self._validated:
            targets, found = self._validated[key]
            for name in VALIDATED:
                vars(estimator).pop(name, None)
            vars(estimator).update(found)
            return targets
        X, y = _take(self.X, rows), _take(self.y, rows)
        fresh = first and not self.incremental
        checked = plain.targets_of(estimator, X, y) if fresh else None
        if checked is None:
            _, checked = estimator._validate_input(X, y, self.incremental, reset=first)
        found = {name: vars(estimator)[name] for name in VALIDATED if hasattr(estimator, name)}
        if first:
            self._validated[key] = checked, found
        return checked

    def _weights(self, estimator, rows: np.ndarray | None) -> np.ndarray | None:
        """Sample weights, with class weights in them."""
        weights = _take(self.sample_weight, rows)
        if weights is not None:
            weights = _check_sample_weight(weights, _take(self.X, rows))
        if estimator.class_weight is None:
            return weights
        if self.incremental and estimator.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported by partial_fit, which does not see how "
                "many samples of each class there are: give a dict, such as "
                "sklearn.utils.compute_class_weight's numbers"
            )
        by_class = compute_sample_weight(estimator.class_weight, _take(self.y, rows))
        return by_class if weights is None else weights * by_class

    def _random_state(self, estimator) -> np.random.RandomState:
        if estimator.random_state is None and not self.alone:
            return np.random.RandomState(check_random_state(None).randint(2**31))
        return check_random_state(estimator.random_state)

    def _split(self, estimator, targets, random_state) -> tuple[np.ndarray, np.ndarray]:
        """Indices into the rows: those to train on, and those held out for early stopping."""
        indices = np.arange(len(targets))
        if not estimator.early_stopping or estimator.solver == "lbfgs":
            return indices, indices[:0]
        if self.incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        trained, held_out = train_test_split(
            indices,
            random_state=random_state,
            test_size=estimator.validation_fraction,
            stratify=targets if is_classifier(estimator) and targets.shape[1] == 1 else None,
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return trained, held_out


def _take(values, rows: np.ndarray | None):
    return values if rows is None or values is None else _safe_indexing(values, rows)


def _check_hidden_layers(estimator) -> list:
    hidden = np.atleast_1d(np.asarray(estimator.hidden_layer_sizes, dtype=object)).tolist()
    if any(width <= 0 for width in hidden):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
    return hidden


def _check_batch_size(fit: Fit) -> None:
    if fit.estimator.solver == "lbfgs" or fit.estimator.batch_size == "auto":
        return
    if fit.batch_size > len(fit.trained):
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            stacklevel=2,
        )


def _initialize(estimator, targets: np.ndarray, layers: list[int]) -> None:
    """Draw weights as scikit-learn does, and set the attributes that record the training."""
    dtype = estimator.dtype
    if dtype == "auto":
        dtype = "float64" if len(targets) <= MAX_FLOAT64_SAMPLES else "float32"
    estimator._initialize(targets, layers, np.dtype(dtype))
    if estimator.solver == "lbfgs":
        return
    early = estimator.early_stopping
    estimator.loss_curve_, estimator._no_improvement_count = [], 0
    estimator.best_loss_ = None if early else np.inf
    estimator.validation_scores_ = [] if early else None
    estimator.best_validation_score_ = -np.inf if early else None
