"""Ensembles: networks on bootstraps or from seeds of their own, trained and asked as one."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import ClassifierMixin, RegressorMixin, _fit_context
from sklearn.ensemble import BaseEnsemble
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils._param_validation import Interval, RealNotInt
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from .estimators import MLPClassifier, MLPRegressor
from .preparation import population_of
from .together import fit_together

SEEDS = np.iinfo(np.int32).max  # below which seeds are drawn, as scikit-learn does
CHUNK = 1 << 24  # numbers that members predict at a time


class _MLPEnsemble(BaseEnsemble):
    """What ensembles of classifiers and of regressors have in common.

    Subclasses say how targets are checked, what a member's outputs are, and how they are scored.
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
        ],
        "bootstrap": ["boolean"],
        "oob_score": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        bootstrap=True,
        oob_score=False,
        random_state=None,
    ):
        super().__init__(estimator=estimator, n_estimators=n_estimators)
        self.max_samples = max_samples
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Train all members at once.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            With ``bootstrap`` the chances of samples to be drawn, as for scikit-learn's
            ``BaggingClassifier``; otherwise weights for each member's ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Out-of-bag scores without ``bootstrap``, more samples than there are without it, and
            all that the members refuse.
        """
        if self.oob_score and not self.bootstrap:
            raise ValueError("Out of bag estimation only available if bootstrap=True")
        X, y = self._check(X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self._validate_estimator(self._parameter_constraints["estimator"][0]())
        seeds = check_random_state(self.random_state).randint(SEEDS, size=self.n_estimators)
        members = [self._make_estimator(append=False, random_state=seed) for seed in seeds]
        rows = [self._draw(seed, X.shape[0], sample_weight) for seed in seeds]
        for error in fit_together(members, X, y, rows, None if self.bootstrap else sample_weight):
            if error is not None:
                raise error
        self.estimators_ = members
        if self.oob_score:
            self._score_out_of_bag(X, y, rows)
        return self

    def predict_quantiles(self, X, q):
        """Quantiles, over members, of their predictions, or of their probabilities of classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        q : float or array-like of floats from 0 to 1

        Returns
        -------
        ndarray of shape (n_samples, n_classes), (n_samples,) or (n_samples, n_outputs), preceded by
        the shape of ``q``
        """
        return self._flat(self._combined(X, lambda outputs: np.quantile(outputs, q, axis=0)))

    def _flat(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs as users know them: regressors leave out the axis of a single one."""
        return outputs

    def _draw(self, seed: int, samples: int, sample_weight: np.ndarray | None) -> np.ndarray:
        """The rows that a member is trained on."""
        random_state, size = check_random_state(seed), samples
        if self.max_samples is not None:
            whole = isinstance(self.max_samples, Integral)
            size = self.max_samples if whole else max(1, int(self.max_samples * samples))
        if self.bootstrap and sample_weight is not None:
            return random_state.choice(samples, size, p=sample_weight / sample_weight.sum())
        if self.bootstrap:
            return random_state.randint(samples, size=size)
        if size > samples:
            raise ValueError(
                f"max_samples={self.max_samples} must be at most the number of samples, {samples}, "
                "to draw without replacement: use bootstrap=True"
            )
        if size == samples:
            return np.arange(samples)
        return sample_without_replacement(samples, size, random_state=random_state)

    def _score_out_of_bag(self, X, y, rows: list[np.ndarray]) -> None:
        """Score the mean of those members, for each sample, that have not seen it."""
        unseen = np.ones((len(rows), X.shape[0]), dtype=bool)
        for mask, drawn in zip(unseen, rows, strict=True):
            mask[drawn] = False
        sums = [
            np.where(unseen[:, part, None], outputs, 0.0).sum(axis=0)
            for part, outputs in self._outputs(X)
        ]
        count = unseen.sum(axis=0)
        if not count.all():
            warnings.warn(
                "Some inputs do not have OOB scores. This probably means too few estimators were "
                "used to compute any reliable oob estimates.",
                stacklevel=4,
            )
        with np.errstate(invalid="ignore"):
            means = np.concatenate(sums) / count[:, None]
        self._keep_out_of_bag(means, y, count > 0)

    def _mean(self, X, return_std: bool):
        """Mean over members, and standard deviation if asked for."""
        if not return_std:
            return self._combined(X, lambda outputs: outputs.mean(axis=0))
        return tuple(self._combined(X, lambda outputs: np.stack([outputs.mean(0), outputs.std(0)])))

    def _combined(self, X, combine: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What ``combine`` makes of members' outputs, (n_estimators, samples, outputs).

        It is shown some samples at a time: they are the axis before the last of its result, too.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return np.concatenate([combine(outputs) for _, outputs in self._outputs(X)], axis=-2)

    def _outputs(self, X) -> Iterator[tuple[slice, np.ndarray]]:
        """Samples, and what members give for these: float64 (n_estimators, samples, outputs)."""
        members = self.estimators_
        groups = [(k, population_of([members[i] for i in k])) for k in _alike(members)]
        step = max(1, CHUNK // (len(members) * max(self._n_outputs, X.shape[1])))
        for part in gen_batches(X.shape[0], step):
            samples = X[part].toarray() if sparse.issparse(X) else X[part]
            outputs = np.zeros((len(members), len(samples), self._n_outputs))
            for places, population in groups:
                member = members[places[0]]
                values, columns = self._read(member, population.predict(samples, member.device))
                outputs[np.ix_(places, np.arange(len(samples)), columns)] = values
            yield part, outputs


class MLPEnsembleClassifier(ClassifierMixin, _MLPEnsemble):
    """Classifiers on bootstraps, or from seeds of their own, trained as one population.

    It predicts the mean of its members' probabilities; their spread tells how sure it is.

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
        Score each sample by the members that have not seen it.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    estimators_ : list of MLPClassifier
    classes_ : ndarray of shape (n_classes,)
    n_features_in_, feature_names_in_
    oob_score_ : float
        Accuracy, of the samples that some member has not seen.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        NaN for samples that all members have seen.

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
        **_MLPEnsemble._parameter_constraints,
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


class MLPEnsembleRegressor(RegressorMixin, _MLPEnsemble):
    """Regressors on bootstraps, or from seeds of their own, trained as one population.

    It predicts the mean of its members; their spread tells how sure it is.

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
        R², of the samples that some member has not seen.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        NaN for samples that all members have seen.

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
        **_MLPEnsemble._parameter_constraints,
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


def _alike(members) -> list[np.ndarray]:
    """Places of members that make one population: of one architecture, dtype and classes."""
    alike = defaultdict(list)
    for place, member in enumerate(members):
        classes = tuple(getattr(member, "classes_", ()))
        alike[member._mlp(), member.coefs_[0].dtype.name, classes].append(place)
    return [np.array(places) for places in alike.values()]
