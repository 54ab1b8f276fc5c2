"""A sweep in scikit-learn's terms: ``fit`` searches, and the ensemble that it found predicts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, _fit_context
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_sample_weight,
    _check_y,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ..sweeps.result import SweepResult
from ..sweeps.space import Space
from ..sweeps.sweeping import sweep
from ..sweeps.words import no_score
from ..tables.ensemble import Ensemble
from ..tables.reading.frames import as_frame, is_table
from ..training.dispatch import DEVICES

MAX_SEED = np.iinfo(np.int32).max  # of seeds that a random state draws
SWEPT = ("time", "networks", "epochs", "space", "cv", "validation", "metric", "members", "device")


class SweepEstimator(BaseEstimator):
    """What both estimators have in common.

    Subclasses say what their target is (``_task``), and check it (``_target``).
    """

    _task: ClassVar[str]
    result_: SweepResult
    ensemble_: Ensemble
    _columns: list[str] | None  # of the table that was trained on; None for an array of numbers
    _parameter_constraints: ClassVar[dict] = {
        "time": [Interval(Real, 0, None, closed="neither"), None],
        "networks": [Interval(Integral, 1, None, closed="left"), None],
        "epochs": [Interval(Integral, 1, None, closed="left"), None],
        "space": [Space, Mapping, None],
        "cv": ["cv_object"],
        "validation": [Interval(Real, 0, 1, closed="neither"), None],
        "metric": [str, None],
        "members": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "device": [StrOptions(set(DEVICES))],
    }

    def __init__(
        self,
        time=None,
        networks=None,
        epochs=None,
        space=None,
        cv=None,
        validation=None,
        metric=None,
        members=None,
        random_state=0,
        device="auto",
    ):
        self.time = time
        self.networks = networks
        self.epochs = epochs
        self.space = space
        self.cv = cv
        self.validation = validation
        self.metric = metric
        self.members = members
        self.random_state = random_state
        self.device = device

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = True
        tags.non_deterministic = self.time is not None
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Search, and keep what was found.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)
            A table as it is: of pandas, polars or Arrow, a dict of arrays or a list of dicts, with
            numbers, words, truth values, dates and times; or an array of numbers or words. Values
            may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts in training. Scores are without weights.
        groups : array-like of shape (n_samples,), default=None
            Samples of one group are all trained on, or all ranked by; ``cv`` gets them too.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError, ValueError
            Bad input, as :func:`bpfast.sweep` says it; every network diverged.
        ImportError
            What sweeps need is not installed: Optuna, and polars for tables.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        table, target = self._table(X, reset=True), self._target(y)
        check_consistent_length(table, target, groups)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, table, ensure_non_negative=True)
        asked = {name: getattr(self, name) for name in SWEPT}
        if self._columns is not None and len(self._columns) == 1:
            asked["keep"] = 1  # although it may look like row numbers: there is no other column
        result = sweep(
            table,
            target,
            task=self._task,
            test=0.0,
            seed=self._seed(),
            groups=None if groups is None else np.asarray(groups),
            sample_weight=sample_weight,
            **{name: value for name, value in asked.items() if value is not None},
        )
        ensemble = result.ensemble
        if ensemble is None:
            raise ValueError(no_score(result.table))
        if result.interrupted:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        names = self._class_names()
        if names:  # the sweep was given numbers of classes
            ensemble = replace(ensemble, classes=names)
            assert result.target is not None  # results of older pickles have none
            target = replace(result.target, classes=names)
            result = replace(result, classes=names, target=target, ensemble=ensemble)
        self.result_, self.ensemble_ = result, ensemble
        return self

    def predict_std(self, X):
        """How far the ensemble's members disagree.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), (n_samples,) or (n_samples, n_outputs)
            The standard deviation over members of the probabilities of classes or labels, or of
            numbers.
        """
        return self._ask("predict_std", X)

    def predict_quantiles(self, X, q):
        """Quantiles, over members, of what :meth:`predict_std` is the standard deviation of.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)
        q : float or array-like of floats from 0 to 1

        Returns
        -------
        ndarray of :meth:`predict_std`'s shape, preceded by the shape of ``q``
        """
        return self._ask("predict_quantiles", X, q)

    def _class_names(self) -> list[str]:
        return []

    def _ask(self, method: str, X, *arguments) -> np.ndarray:
        """What a method of the ensemble says of new samples."""
        check_is_fitted(self)
        table = self._table(X, reset=False)
        return getattr(self.ensemble_, method)(table, *arguments, device=self.device)

    def _table(self, X, reset: bool):
        """What a sweep, and an ensemble, take: a table, or an array of numbers."""
        if is_table(X):
            table = as_frame(X)
            validate_data(
                self, X if hasattr(X, "shape") else table, reset=reset, skip_check_array=True
            )
            if reset:
                self._columns = table.columns
            return table
        X = validate_data(
            self,
            X,
            reset=reset,
            dtype=None,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if reset else 1,
        )
        if X.dtype.kind == "O":
            X = _numbers(X)
        if reset:
            is_of_numbers = X.dtype.kind in "biuf"
            self._columns = None if is_of_numbers else [f"x{k}" for k in range(X.shape[1])]
        return X if self._columns is None else as_frame(dict(zip(self._columns, X.T, strict=True)))

    def _seed(self) -> int:
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(MAX_SEED))


class SweepClassifier(ClassifierMixin, SweepEstimator):
    """Networks of many kinds, trained at once on a table as it is; their ensemble predicts.

    It is :func:`bpfast.sweep` without a test part: hyperparameters, and how numbers are encoded,
    are drawn; columns of words, dates and missing values are seen to; and the best networks make an
    ensemble that is picked by ``metric``.

    Parameters
    ----------
    time : float, default=None
        Seconds to search for. More time, better answers; with it, results vary.
    networks, epochs : int, default=None
        How many networks, and epochs for each at most; by default what suits the data's size, or
        the time.
    space : dict or Space, default=None
        What may vary; by default a space that is good for most tables.
    cv : int, cross-validation generator or iterable, default=None
        Folds of a cross-validation to rank by; by default 5 for 100 to 5,000 samples, as "auto" of
        :func:`bpfast.sweep` has it, and for others one part that is held out.
    validation : float, default=None
        Share of the samples that networks are ranked by, and no folds unless ``cv`` is given; a
        fifth where there are none.
    metric : str, default=None
        What is ranked by, one of scikit-learn's scoring names; by default "neg_log_loss" for
        classes and labels, "neg_root_mean_squared_error" for numbers.
    members : int, default=None
        Most networks in the ensemble.
    random_state : int, RandomState instance or None, default=0
    device : {"auto", "cpu", "cuda", "reference"}, default="auto"

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        For labels, the number of each.
    ensemble_ : Ensemble
        What predicts; it can be saved, and exported to ONNX and PyTorch.
    result_ : SweepResult
        All networks, and what was done with each column.
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from bpfast.sklearn import SweepClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> classifier = SweepClassifier(networks=16, epochs=20).fit(X, y)
    >>> classifier.score(X, y) > 0.9
    True
    """

    _task = "classification"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict(self, X):
        """The most probable class of each sample; labels that are more likely than not.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        found = self.predict_proba(X)
        if self._multilabel:
            return (found > 0.5).astype(int)
        return self.classes_[found.argmax(axis=1)]

    def predict_proba(self, X):
        """Probabilities of classes, or of labels.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        return self._ask("predict_proba", X)

    def predict_log_proba(self, X):
        """The logarithm of :meth:`predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _target(self, y: np.ndarray) -> np.ndarray:
        """Numbers of classes, in the order of ``classes_``, which they set; or labels."""
        y = _check_y(y, multi_output=True, estimator=self)
        check_classification_targets(y)
        self._multilabel = type_of_target(y) == "multilabel-indicator"
        if self._multilabel:
            self.classes_ = np.arange(y.shape[1])
            return y
        self.classes_, numbers = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                f"y has one class only, {self.classes_[0]}: a classifier needs at least 2 classes"
            )
        return numbers

    def _class_names(self) -> list[str]:
        return [] if self._multilabel else [str(name) for name in self.classes_]


class SweepRegressor(RegressorMixin, SweepEstimator):
    """Networks of many kinds, trained at once on a table as it is; their ensemble predicts.

    Its parameters and attributes are those of :class:`SweepClassifier`, with ``n_outputs_``, how
    many numbers are predicted for a sample, in place of ``classes_``.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from bpfast.sklearn import SweepRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> SweepRegressor(networks=16, epochs=20).fit(X, y).score(X, y) > 0.4
    True
    """

    _task = "regression"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X):
        """Numbers in the target's units.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._ask("predict", X)

    def _target(self, y: np.ndarray) -> np.ndarray:
        y = _check_y(y, multi_output=True, y_numeric=True, estimator=self)
        y = column_or_1d(y, warn=True) if y.ndim == 1 or y.shape[1] == 1 else y
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        return y


def _numbers(X: np.ndarray) -> Any:
    """An array of objects as one of numbers, if they are; None is missing."""
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError):
        return X
