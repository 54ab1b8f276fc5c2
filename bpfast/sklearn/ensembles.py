"""Ensembles of classifiers and of regressors, on bootstraps or from seeds of their own."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from .ensemble_base import MLPEnsemble
from .estimators import MLPClassifier, MLPRegressor


class MLPEnsembleClassifier(ClassifierMixin, MLPEnsemble):
    """Classifiers on bootstraps, or from seeds of their own, trained as one population.

    It predicts the mean of its members' probabilities; their standard deviation tells how far the
    members disagree.

    Parameters
    ----------
    estimator : MLPClassifier, default=None
        Of :mod:`bpfast.sklearn`; members are copies of it with a ``random_state`` each. None is
        ``MLPClassifier()``. As in scikit-learn's ensembles, its parameters are reached as
        ``estimator__alpha``.
    n_estimators : int, default=10
    max_samples : int or float, default=None
        Samples that each member is trained on: a number, a share, or None for as many as there are.
    bootstrap : bool, default=True
        Draw them with replacement. With False and all samples, members differ by seeds alone: by
        initial weights and batches (Lakshminarayanan et al., Deep Ensembles, 2017).
    oob_score : bool, default=False
        Score each sample by the members that were not trained on it.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    estimators_ : list of MLPClassifier
    classes_ : ndarray of shape (n_classes,)
    n_features_in_, feature_names_in_
    oob_score_ : float
        Accuracy, on the samples that some member was not trained on.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        NaN for samples that all members were trained on.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from bpfast.sklearn import MLPClassifier, MLPEnsembleClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> mlp = MLPClassifier((32,), learning_rate_init=0.01, max_iter=30)
    >>> ensemble = MLPEnsembleClassifier(mlp, 20, oob_score=True, random_state=0).fit(X / 16, y)
    >>> ensemble.oob_score_ > 0.97
    True
    >>> mean, std = ensemble.predict_proba(X[:3] / 16, return_std=True)
    >>> mean.shape, std.shape
    ((3, 10), (3, 10))
    """

    _parameter_constraints: ClassVar[dict] = {
        **MLPEnsemble._parameter_constraints,
        "estimator": [MLPClassifier, None],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict(self, X):
        """Classes that are most probable in the mean; labels that are more likely than not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return self._decide(self.predict_proba(X))

    def predict_proba(self, X, return_std=False):
        """Probabilities, the mean over members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        return_std : bool, default=False
            Return their standard deviation over members, too.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or two
        """
        return self._mean(X, return_std)

    def predict_log_proba(self, X):
        """The logarithm of :meth:`predict_proba`, (n_samples, n_classes)."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _check(self, X, y):
        X, y = validate_data(self, X, y, accept_sparse="csr", multi_output=True)
        check_classification_targets(y)
        self._multilabel = type_of_target(y) == "multilabel-indicator"
        if not self._multilabel:
            y = column_or_1d(y, warn=True)
        self.classes_ = np.arange(y.shape[1]) if self._multilabel else np.unique(y)
        self._n_outputs = len(self.classes_)
        return X, y

    def _read(self, member: MLPClassifier, outputs: np.ndarray):
        if not self._multilabel and outputs.shape[-1] == 1:
            outputs = np.concatenate([1 - outputs, outputs], axis=-1)[..., : len(member.classes_)]
        return outputs, np.searchsorted(self.classes_, member.classes_)

    def _decide(self, probabilities: np.ndarray) -> np.ndarray:
        if self._multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def _keep_out_of_bag(self, means: np.ndarray, y, scored: np.ndarray) -> None:
        self.oob_decision_function_ = means
        self.oob_score_ = accuracy_score(y[scored], self._decide(means[scored]))


class MLPEnsembleRegressor(RegressorMixin, MLPEnsemble):
    """Regressors on bootstraps, or from seeds of their own, trained as one population.

    It predicts the mean of its members; their standard deviation tells how far they disagree.

    Parameters
    ----------
    estimator : MLPRegressor, default=None
    n_estimators, max_samples, bootstrap, oob_score, random_state
        As for :class:`MLPEnsembleClassifier`.

    Attributes
    ----------
    estimators_ : list of MLPRegressor
    n_features_in_, feature_names_in_
    oob_score_ : float
        R², on the samples that some member was not trained on.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        NaN for samples that all members were trained on.

    Examples
    --------
    >>> import numpy as np
    >>> from bpfast.sklearn import MLPEnsembleRegressor, MLPRegressor
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> mlp = MLPRegressor(hidden_layer_sizes=(16,), learning_rate_init=0.01)
    >>> ensemble = MLPEnsembleRegressor(mlp, 50, random_state=0).fit(X, X[:, 0] ** 2)
    >>> _, (inside, outside) = ensemble.predict([[0.5], [4.0]], return_std=True)
    >>> bool(outside > 5 * inside)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **MLPEnsemble._parameter_constraints,
        "estimator": [MLPRegressor, None],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X, return_std=False):
        """Predictions, the mean over members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        return_std : bool, default=False
            Return their standard deviation over members, too, as scikit-learn's Gaussian processes
            do.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), or two
        """
        mean = self._mean(X, return_std)
        return tuple(map(self._flat, mean)) if return_std else self._flat(mean)

    def _check(self, X, y):
        X, y = validate_data(self, X, y, accept_sparse="csr", multi_output=True, y_numeric=True)
        y = column_or_1d(y, warn=True) if y.ndim == 1 or y.shape[1] == 1 else y
        self._n_outputs = 1 if y.ndim == 1 else y.shape[1]
        return X, y

    def _read(self, member: MLPRegressor, outputs: np.ndarray):
        return outputs, np.arange(self._n_outputs)

    def _flat(self, predictions: np.ndarray) -> np.ndarray:
        return predictions[..., 0] if self._n_outputs == 1 else predictions

    def _keep_out_of_bag(self, means: np.ndarray, y, scored: np.ndarray) -> None:
        self.oob_prediction_ = self._flat(means)
        self.oob_score_ = r2_score(y[scored], self.oob_prediction_[scored])
