"""Fits that are ready to begin, and estimators' networks as a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from ..training.layers import layer_views
from ..training.network import MLP
from ..training.population import Population

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


@dataclass
class Fit:
    """A fit that is ready to begin: the estimator has the weights to start from.

    Attributes
    ----------
    estimator : MLPClassifier or MLPRegressor
    rows : (r,) row numbers, of the samples that all fits share
    targets : (r, outputs) numbers; (r,) class numbers where the loss has a softmax
    weights : (r,) sample weights, or None
    trained, held_out : indices into ``rows``; those held out are scored for early stopping
    random_state : RandomState, ready for the first shuffle
    incremental : whether this is ``partial_fit``: one epoch from where the last fit ended
    error : the exception that ended it, or None
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
        """The dtype of all arithmetic."""
        return self.estimator.coefs_[0].dtype.name

    @property
    def batch_size(self) -> int:
        """Samples in a step, where there are so many."""
        size = self.estimator.batch_size
        return 200 if isinstance(size, str) else int(size)

    @property
    def loss_divisor(self) -> int:
        """Outputs, for squared errors: scikit-learn reports their mean, and descends their sum."""
        mlp = self.mlp
        return mlp.outputs if mlp.loss == "half_squared_error" else 1

    @property
    def group_key(self) -> tuple:
        """What must be equal in fits that train as one population."""
        estimator = self.estimator
        classes = tuple(estimator.classes_.tolist()) if is_classifier(estimator) else ()
        weighting: tuple = (repr(estimator.class_weight),)
        if estimator.class_weight == "balanced":
            weighting += (self.rows.tobytes(),)
        settings = (estimator.solver, self.batch_size, self.dtype, estimator.device)
        return (self.mlp, *settings, classes, weighting)


def population_of(estimators: Sequence, dtype=None) -> Population:
    """The networks of estimators of one architecture, which have weights, as a population.

    Parameters
    ----------
    estimators : their weights have one dtype, and may be NaN
    dtype : of the population, if not the estimators'
    """
    first, n = estimators[0], len(estimators)
    dtype = np.dtype(dtype or first.coefs_[0].dtype).name
    population = Population(first._mlp(dtype), n, init="zeros", dtype=dtype)
    write_parameters(estimators, population.mlp, population.parameters)
    return population


def write_parameters(estimators: Sequence, mlp: MLP, parameters: np.ndarray) -> None:
    """Fill (n, P) parameters with those of n estimators."""
    for layer, (weights, biases) in enumerate(layer_views(mlp, parameters)):
        assert biases is not None  # scikit-learn's networks have some
        for k, estimator in enumerate(estimators):
            weights[k] = estimator.coefs_[layer]
            biases[k] = estimator.intercepts_[layer]
