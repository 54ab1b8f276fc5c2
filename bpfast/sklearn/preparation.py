"""What comes before training: samples are checked, weights drawn, samples held out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_random_state, compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from ..training.network import MLP
from ..training.population import Population

# What scikit-learn's validation leaves behind; all of it follows from the samples alone.
VALIDATED = ("n_features_in_", "feature_names_in_", "classes_", "_label_binarizer")

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)

FEW = 200  # samples with which float64 costs little, by dtype="auto"


@dataclass
class Fit:
    """A fit that is ready to begin: the estimator has the weights to start from.

    Attributes
    ----------
    estimator : MLPClassifier or MLPRegressor
    rows : (r,) its rows of the samples that all share
    targets : (r, outputs) numbers; (r,) numbers of classes where the loss has a softmax
    weights : (r,) or None
    trained, held_out : positions in ``rows``; those held out are scored for early stopping
    random_state : RandomState, ready for the first shuffle
    incremental : whether it goes on from where the last fit ended, for one epoch
    error : what ended it, if anything did
    """

    estimator: Any
    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    trained: np.ndarray
    held_out: np.ndarray
    random_state: np.random.RandomState
    incremental: bool
    error: Exception | None = None

    @property
    def mlp(self) -> MLP:
        return self.estimator._mlp()

    @property
    def dtype(self) -> str:
        """Of all arithmetic."""
        return self.estimator.coefs_[0].dtype.name

    @property
    def batch_size(self) -> int:
        """Samples a step, where there are so many."""
        size = self.estimator.batch_size
        return 200 if isinstance(size, str) else int(size)

    @property
    def kind(self) -> tuple:
        """What must be equal in estimators that train as one population."""
        estimator = self.estimator
        classes = tuple(estimator.classes_.tolist()) if is_classifier(estimator) else ()
        weighting: tuple = (repr(estimator.class_weight),)
        if estimator.class_weight == "balanced":
            weighting += (self.rows.tobytes(),)
        settings = (estimator.solver, self.batch_size, self.dtype, estimator.device)
        return (self.mlp, *settings, classes, weighting)


class Preparation:
    """Makes estimators ready for their rows; what follows from rows alone is done once.

    Parameters
    ----------
    X, y, sample_weight : as given to ``fit``
    incremental : whether for ``partial_fit``
    alone : whether for one estimator, which then draws from NumPy's global state itself where its
        ``random_state`` is None
    """

    def __init__(self, X, y, sample_weight, incremental: bool, alone: bool) -> None:
        self.X, self.y, self.sample_weight = X, y, sample_weight
        self.incremental, self.alone = incremental, alone
        self._seen: dict[tuple, tuple[np.ndarray, dict]] = {}

    def fit(self, estimator, rows: np.ndarray | None) -> Fit:
        """One estimator's fit.

        Raises
        ------
        TypeError, ValueError
            scikit-learn's, in its words.
        """
        hidden = np.atleast_1d(np.asarray(estimator.hidden_layer_sizes, dtype=object)).tolist()
        if any(width <= 0 for width in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        goes_on = estimator.warm_start or self.incremental
        first = not (goes_on and hasattr(estimator, "coefs_"))
        targets = self._validate(estimator, rows, first)
        weights = self._weights(estimator, rows)
        if targets.ndim == 1:
            targets = targets[:, None]
        random_state = estimator._random_state = self._random_state(estimator)
        if first:
            layers = [estimator.n_features_in_, *hidden, targets.shape[1]]
            _start(estimator, targets, layers)
        trained, held_out = self._split(estimator, targets, random_state)
        if weights is not None and len(held_out):
            for part in (trained, held_out):
                _check_sample_weight(weights[part], part)  # not all of them are 0
        if estimator.out_activation_ == "softmax":
            targets = targets.argmax(axis=1)
        rows = np.arange(len(targets)) if rows is None else rows
        ready = Fit(
            estimator, rows, targets, weights, trained, held_out, random_state, self.incremental
        )
        if estimator.solver != "lbfgs" and estimator.batch_size != "auto":
            _check_batch_size(ready.batch_size, len(trained))
        return ready

    def _validate(self, estimator, rows: np.ndarray | None, first: bool) -> np.ndarray:
        """Check the samples as scikit-learn does; targets, (rows,) or (rows, outputs)."""
        key = (type(estimator), None if rows is None else rows.tobytes())
        if first and key in self._seen:
            targets, found = self._seen[key]
            for name in VALIDATED:
                vars(estimator).pop(name, None)
            vars(estimator).update(found)
            return targets
        X, y = _take(self.X, rows), _take(self.y, rows)
        _, targets = estimator._validate_input(X, y, self.incremental, reset=first)
        found = {name: vars(estimator)[name] for name in VALIDATED if hasattr(estimator, name)}
        if first:
            self._seen[key] = targets, found
        return targets

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
        """Positions to train on, and those held out for early stopping."""
        positions = np.arange(len(targets))
        if not estimator.early_stopping or estimator.solver == "lbfgs":
            return positions, positions[:0]
        if self.incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        trained, held_out = train_test_split(
            positions,
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


def population_of(estimators: Sequence, dtype=None) -> Population:
    """The networks of estimators that have weights, which may be NaN, of one architecture.

    Parameters
    ----------
    estimators : their weights have one dtype
    dtype : of the population, if it is another
    """
    first, n = estimators[0], len(estimators)
    dtype = np.dtype(dtype or first.coefs_[0].dtype).name
    population = Population(first._mlp(dtype), n, init="zeros", dtype=dtype)
    for k, (weights, biases) in enumerate(zip(population.weights, population.biases, strict=True)):
        weights[...] = [estimator.coefs_[k] for estimator in estimators]
        biases[...] = [estimator.intercepts_[k] for estimator in estimators]
    return population


def _take(values, rows: np.ndarray | None):
    return values if rows is None or values is None else _safe_indexing(values, rows)


def _check_batch_size(batch_size: int, samples: int) -> None:
    if batch_size > samples:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            stacklevel=2,
        )


def _start(estimator, targets: np.ndarray, layers: list[int]) -> None:
    """Draw weights as scikit-learn does, and begin the records of training."""
    dtype = estimator.dtype
    if dtype == "auto":
        dtype = "float64" if len(targets) <= FEW else "float32"
    estimator._initialize(targets, layers, np.dtype(dtype))
    if estimator.solver == "lbfgs":
        return
    early = estimator.early_stopping
    estimator.loss_curve_, estimator._no_improvement_count = [], 0
    estimator.best_loss_ = None if early else np.inf
    estimator.validation_scores_ = [] if early else None
    estimator.best_validation_score_ = -np.inf if early else None
