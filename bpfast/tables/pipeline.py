"""A model as a pipeline of scikit-learn's; imported only where scikit-learn is installed.

The steps hold plain data and the network, so that they can be cloned and pickled, and predict
through bpfast itself: scikit-learn's own networks lack some activations, losses and the inverse of
a target's scaling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.pipeline import Pipeline

from ..training.population import Population
from .encoding.encoding import Encoding
from .encoding.expansion import Expansion
from .input_info import InputInfo
from .scaling import Scaler
from .target_info import TargetInfo


def to_pipeline(population: Population, inputs: InputInfo, target: TargetInfo) -> Pipeline:
    """See :meth:`bpfast.Model.to_sklearn`."""
    make = TrainedClassifier if target.has_probabilities else TrainedRegressor
    scaler = inputs.scaler
    expansion = None if inputs.expansion is None else inputs.expansion.to_plain()
    encoder = TableEncoder(inputs.encoding.to_plain(), scaler.mean, scaler.scale, expansion)
    return Pipeline([("encoding", encoder), ("network", make(population, target))])


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encodes a table's columns as a network's inputs; ``fit`` changes nothing.

    Parameters
    ----------
    columns : how each column is encoded, as plain data: :meth:`Encoding.to_plain`
    mean, scale : of what the columns are encoded as
    expansion : of what is scaled, as plain data: :meth:`Expansion.to_plain`; None for none
    """

    expansion: dict[str, Any] | None = None  # pickles of older versions lack it

    def __init__(
        self,
        columns: list[dict[str, Any]],
        mean: np.ndarray,
        scale: np.ndarray,
        expansion: dict[str, Any] | None = None,
    ) -> None:
        self.columns = columns
        self.mean = mean
        self.scale = scale
        self.expansion = expansion

    def fit(self, X=None, y=None) -> TableEncoder:
        """Change nothing: how columns are encoded is part of the model."""
        return self

    def transform(self, X) -> np.ndarray:
        """The network's inputs, (samples, inputs), of a table or an array of its columns."""
        return self._input_info.encode(X)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the inputs."""
        return np.array(self._input_info.features, dtype=object)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns that it needs."""
        return _names(self._encoding)

    @property
    def n_features_in_(self) -> int:
        """How many columns it needs."""
        return len(self._encoding.used)

    @property
    def _encoding(self) -> Encoding:
        return Encoding.from_plain(self.columns)

    @property
    def _input_info(self) -> InputInfo:
        expansion = None if self.expansion is None else Expansion.from_plain(self.expansion)
        return InputInfo(self._encoding, Scaler(self.mean, self.scale), expansion)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self):
        return _of_tables(super().__sklearn_tags__())


class _Trained(BaseEstimator):
    """What is trained already: ``fit`` changes nothing."""

    target: TargetInfo
    _outputs: Callable[[Any], np.ndarray]

    def fit(self, X=None, y=None, **options) -> _Trained:
        """Change nothing: it is trained."""
        return self

    def predict(self, X) -> np.ndarray:
        """As :meth:`bpfast.Model.predict`."""
        return self.target.predictions(self._outputs(X))

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _Classifier(ClassifierMixin, _Trained):
    """What predicts classes, or labels.

    Classes are sorted as text, as scikit-learn's metrics take them to be: "10" is before "9".
    """

    @property
    def classes_(self) -> np.ndarray | list[np.ndarray]:
        """Names of the classes; for labels, each label's two."""
        if self.target.labels:
            return [np.array(names) for names in self.target.labels.values()]
        return np.sort(np.array(self.target.classes))

    def predict_proba(self, X) -> np.ndarray:
        """The probability of each of ``classes_``, or of each label's second."""
        outputs = self._outputs(X)
        return outputs if self.target.labels else outputs[:, np.argsort(self.target.classes)]


class _Network(_Trained):
    """A trained network, which takes its inputs (samples, inputs).

    Parameters
    ----------
    population : Population of one network
    target : what the outputs mean
    device : as for :meth:`Population.predict`
    """

    def __init__(self, population: Population, target: TargetInfo, device: str = "auto") -> None:
        self.population = population
        self.target = target
        self.device = device

    @property
    def n_features_in_(self) -> int:
        """How many inputs the network has."""
        return self.population.mlp.inputs

    def _outputs(self, X) -> np.ndarray:
        return self.population.predict(X, self.device)[0]


class TrainedClassifier(_Classifier, _Network):
    """A trained network that predicts classes, or labels."""


class TrainedRegressor(RegressorMixin, _Network):
    """A trained network that predicts numbers, in the target's units."""


class _Ensemble(_Trained):
    """An ensemble, which takes a table or an array of its columns.

    Parameters
    ----------
    ensemble : bpfast.Ensemble
    device : as for :meth:`bpfast.Ensemble.predict`
    """

    def __init__(self, ensemble: Any, device: str = "auto") -> None:
        self.ensemble = ensemble
        self.device = device

    @property
    def target(self) -> TargetInfo:  # type: ignore[override]
        """What the outputs mean."""
        return self.ensemble.target_info

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns that it needs."""
        return _names(self.ensemble.encoding)

    @property
    def n_features_in_(self) -> int:
        """How many columns it needs."""
        return len(self.ensemble.encoding.used)

    def _outputs(self, X) -> np.ndarray:
        return self.ensemble.outputs(X, self.device)

    def __sklearn_tags__(self):
        return _of_tables(super().__sklearn_tags__())


class EnsembleClassifier(_Classifier, _Ensemble):
    """An ensemble that predicts classes, or labels."""


class EnsembleRegressor(RegressorMixin, _Ensemble):
    """An ensemble that predicts numbers, in the target's units."""


def _names(encoding: Encoding) -> np.ndarray:
    return np.array([column.name for column in encoding.used], dtype=object)


def _of_tables(tags: Any) -> Any:
    """Tags of what takes a table, and needs no fit."""
    tags.requires_fit = False
    tags.input_tags.allow_nan = tags.input_tags.string = True
    return tags
