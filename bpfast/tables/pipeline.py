"""A model as a pipeline of scikit-learn's; imported only where scikit-learn is installed.

The steps hold plain data and the network, so that they can be cloned and pickled, and predict
through bpfast itself: scikit-learn's own networks lack some activations, losses and the inverse of
a target's scaling.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.pipeline import Pipeline

from ..training.population import Population
from .encoding.encoding import Encoding
from .input_info import InputInfo
from .scaling import Scaler
from .target_info import TargetInfo


def to_pipeline(population: Population, inputs: InputInfo, target: TargetInfo) -> Pipeline:
    """See :meth:`bpfast.Model.to_sklearn`."""
    make = TrainedClassifier if target.has_probabilities else TrainedRegressor
    scaler = inputs.scaler
    encoder = TableEncoder(inputs.encoding.to_plain(), scaler.mean, scaler.scale)
    return Pipeline([("encoding", encoder), ("network", make(population, target))])


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encodes a table's columns as a network's inputs; ``fit`` changes nothing.

    Parameters
    ----------
    columns : how each column is encoded, as plain data: :meth:`Encoding.to_plain`
    mean, scale : of what the columns are encoded as
    """

    def __init__(self, columns: list[dict[str, Any]], mean: np.ndarray, scale: np.ndarray) -> None:
        self.columns = columns
        self.mean = mean
        self.scale = scale

    def fit(self, X=None, y=None) -> TableEncoder:
        """Change nothing: how columns are encoded is part of the model."""
        return self

    def transform(self, X) -> np.ndarray:
        """The scaled inputs, (samples, inputs), of a table or an array of its columns."""
        return InputInfo(self._encoding, Scaler(self.mean, self.scale)).encode(X)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the inputs."""
        return np.array(self._encoding.features, dtype=object)

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns that it needs."""
        return np.array([column.name for column in self._encoding.used], dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many columns it needs."""
        return len(self._encoding.used)

    @property
    def _encoding(self) -> Encoding:
        return Encoding.from_plain(self.columns)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.allow_nan = tags.input_tags.string = True
        return tags


class _Trained(BaseEstimator):
    """A network that is trained already: ``fit`` changes nothing.

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

    def fit(self, X=None, y=None, **options) -> _Trained:
        """Change nothing: the network is trained."""
        return self

    def predict(self, X) -> np.ndarray:
        """As :meth:`bpfast.Model.predict`, of scaled inputs (samples, inputs)."""
        return self.target.predictions(self._outputs(X))

    @property
    def n_features_in_(self) -> int:
        """How many inputs the network has."""
        return self.population.mlp.inputs

    def _outputs(self, X) -> np.ndarray:
        return self.population.predict(X, self.device)[0]

    def __sklearn_is_fitted__(self) -> bool:
        return True


class TrainedClassifier(ClassifierMixin, _Trained):
    """A trained network that predicts classes, or labels.

    Classes are sorted as text, as scikit-learn's metrics take them to be: "10" is before "9".
    """

    @property
    def classes_(self) -> np.ndarray | list[np.ndarray]:
        """Names of the classes; for labels, each label's two."""
        if self.target.labels:
            return [np.array(names) for names in self.target.labels.values()]
        return np.sort(np.array(self.target.classes))

    def predict_proba(self, X) -> np.ndarray:
        """The probability of each of ``classes_``, or of each label's second.

        ``X`` are scaled inputs (samples, inputs).
        """
        outputs = self._outputs(X)
        return outputs if self.target.labels else outputs[:, np.argsort(self.target.classes)]


class TrainedRegressor(RegressorMixin, _Trained):
    """A trained network that predicts numbers, in the target's units."""
