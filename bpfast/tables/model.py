"""A trained network with all that its inputs and outputs mean, in one file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import import_optional
from ..files import read_tensors, write_tensors
from ..training.population import FORMAT, Population
from .encoding.column import Column
from .encoding.encoding import Encoding
from .encoding.expansion import Expansion
from .expansion_tensors import from_tensors, to_tensors
from .export import to_onnx
from .input_info import InputInfo
from .scaling import Scaler
from .target_info import TargetInfo

if TYPE_CHECKING:
    import onnx
    from sklearn.pipeline import Pipeline

MODEL = "model"  # in a file's metadata: a population's have no such key
ENSEMBLE_FORMAT = "bpfast ensemble 1"
EXPANSION = "expansion."  # before the names of its tensors

# What a model's columns may be given as; a mapping is of each column's name to its categories.
Columns = Encoding | Sequence[Column] | Mapping[str, list[str]]


@dataclass(frozen=True)
class Model:
    """A trained network with all that its inputs and outputs mean: how a table is encoded, too.

    :attr:`bpfast.SweepResult.model` is one; ``bpfast sweep`` writes one and ``bpfast predict``
    reads it.

    Parameters
    ----------
    population : Population of one network
    scaler : Scaler of the inputs
    target_scaler : Scaler of a target of numbers, or None for one that was not scaled
    classes : names of the classes that the outputs stand for, empty for numbers and labels
    columns : how the table's columns become inputs: an Encoding, or its columns; or a dict of
        column names, each with a list of its categories: an input for each category, or one input
        for an empty list, of numbers. If not given, the inputs are numbers called x0, x1, ...
    metric : the score that the network was chosen by, such as "accuracy"
    target_names : names of the target's columns, empty for a target without names
    labels : for a target of labels, the two names of each: an output is the second's probability
    transform : "log" or "log1p" if that of the target was trained on, else ""
    expansion : Expansion of the scaled inputs, or None for a network that takes them as they are

    Raises
    ------
    TypeError, ValueError
        More than one network; another number of inputs than the columns make; classes, labels or
        names that do not fit the network's loss and outputs.
    """

    population: Population
    scaler: Scaler
    target_scaler: Scaler | None = None
    classes: list[str] = field(default_factory=list)
    columns: Columns = ()
    metric: str = ""
    target_names: tuple[str, ...] = ()
    labels: dict[str, list[str]] = field(default_factory=dict)
    transform: str = ""
    expansion: Expansion | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.population, Population):
            raise TypeError(f"population must be a Population, got {self.population!r}")
        if len(self.population) != 1:
            raise ValueError(
                f"a model is one network, got {len(self.population)}: choose one, as in "
                "population[0] or population.best(history)"
            )
        mlp = self.population.mlp
        inputs = mlp.inputs if self.expansion is None else np.size(self.scaler.mean)
        columns = self.columns or {f"x{k}": [] for k in range(inputs)}
        object.__setattr__(self, "columns", _encoding(columns).columns)
        object.__setattr__(self, "target_names", tuple(self.target_names))
        self.input_info.check(mlp)
        self.target_info.check(mlp)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled model, of a version without the later fields too."""
        known = {f.name: state[f.name] for f in fields(self) if f.name in state}
        self.__init__(**known)  # type: ignore[misc]

    @property
    def encoding(self) -> Encoding:
        """What each column of a table is encoded as."""
        return _encoding(self.columns)

    @property
    def features(self) -> list[str]:
        """Names of the inputs, such as "area" and "colour=red"."""
        return self.input_info.features

    @property
    def input_info(self) -> InputInfo:
        """How a table becomes the network's inputs."""
        return InputInfo(self.encoding, self.scaler, self.expansion)

    @property
    def target_info(self) -> TargetInfo:
        """What the outputs mean."""
        return TargetInfo(
            self.target_names, self.classes, self.labels, self.target_scaler, self.transform
        )

    def predict(self, X, device: str = "auto") -> np.ndarray:
        """Predictions in the target's own terms: names of classes, or numbers in its units.

        Parameters
        ----------
        X : a table (of pandas, polars or Arrow, a dict of arrays, a list of dicts) with the columns
            that the model was trained on, in any order and beside any others; or an array of
            them in their order. Values may be missing, and words unknown. An array of numbers may
            also be encoded already, (samples, inputs), but not scaled.
        device : as for :meth:`Population.predict`

        Returns
        -------
        (samples,) names of classes; (samples, labels) names; or (samples,) float64 numbers in the
        target's units, (samples, outputs) of them for several outputs

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            A column that is not there; text in a column of numbers; as :meth:`Population.predict`;
            a row's probabilities are not numbers, so that it has no class.
        """
        return self.target_info.predictions(self.outputs(X, device))

    def predict_proba(self, X, device: str = "auto") -> np.ndarray:
        """The probability of each class, in the order of ``classes``; or of each label's second.

        Parameters
        ----------
        X, device : as for :meth:`predict`

        Returns
        -------
        (samples, classes) or (samples, labels)

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`predict`; the model predicts numbers.
        """
        if not self.target_info.has_probabilities:
            raise ValueError("a model that predicts numbers has no probabilities: use predict")
        return self.outputs(X, device)

    def outputs(self, X, device: str = "auto") -> np.ndarray:
        """The network's own outputs, (samples, outputs): probabilities, or scaled numbers."""
        inputs = self.input_info.encode(X, self.population.dtype)
        return self.population.predict(inputs, device)[0]

    def to_onnx(self) -> onnx.ModelProto:
        """The model as ONNX of opset 17, for any runtime: raw columns in, predictions out.

        Each column that the model uses is an input (samples, 1) of the column's name: numbers are
        float64, NaN where one is missing; words are strings, "" where one is missing, without
        spaces and quotes around them; dates and times are float64 seconds since 1970-01-01, NaN
        where one is missing. A model of an array, whose columns are x0, x1, ..., has one input
        ``X`` (samples, columns) of float64 instead.

        The output ``predictions`` (samples, outputs), float64 too, holds the probability of each
        class, or of each label, or numbers in the target's units. The model's metadata have
        ``columns`` (each with its kind), ``features``, ``classes`` and ``labels``, as JSON.

        Raises
        ------
        ValueError, ImportError
            As :meth:`Population.to_onnx`.
        """
        return to_onnx(self.population, self.input_info, self.target_info)

    def to_sklearn(self) -> Pipeline:
        """The model as a fitted scikit-learn ``Pipeline``, from the raw table to predictions.

        Its first step encodes a table, as :meth:`predict` takes it; its second is a classifier
        or a regressor. A classifier's ``classes_`` are sorted as text ("10" before "9"), which
        scikit-learn's metrics rely on, and so are its probabilities. ``fit`` changes nothing, as
        in scikit-learn's ``FrozenEstimator``.

        Raises
        ------
        ImportError
            scikit-learn is not installed.
        """
        import_optional("sklearn", "sklearn")
        from .pipeline import to_pipeline

        return to_pipeline(self.population, self.input_info, self.target_info)

    def save(self, path: str | os.PathLike) -> None:
        """Write all of it to one safetensors file, whole or not at all.

        :meth:`Population.load` reads the file too. What a population lacks is JSON in the file's
        metadata, under ``model``.

        Raises
        ------
        OSError
            The file cannot be written; what was there before is as it was.
        """
        tensors, metadata = self.population.to_tensors()
        described = {
            "columns": self.encoding.to_plain(),
            "scaler": self.scaler.to_plain(),
            "target_scaler": self.target_scaler and self.target_scaler.to_plain(),
            "classes": self.classes,
            "metric": self.metric,
            "target_names": self.target_names,
            "labels": self.labels,
            "transform": self.transform,
        }
        if self.expansion is not None:
            described["expansion"] = self.expansion.name
            tensors |= to_tensors(self.expansion, EXPANSION)
        text = json.dumps(described, allow_nan=False)
        write_tensors(Path(path), tensors, metadata | {MODEL: text})

    @classmethod
    def load(cls, path: str | os.PathLike) -> Model:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ValueError, OSError
            The file is not a model's; it cannot be read.
        """
        tensors, metadata = read_tensors(Path(path))
        if metadata.get("format") == ENSEMBLE_FORMAT:
            raise ValueError(f"{path} is an ensemble's, not a model's: use bpfast.Ensemble.load")
        if metadata.get("format") != FORMAT or MODEL not in metadata:
            raise ValueError(
                f"{path} is no model: Model.save and bpfast sweep write them, with scaler and names"
            )
        described = json.loads(metadata[MODEL])
        for name in ("scaler", "target_scaler"):
            described[name] = described[name] and Scaler.from_plain(described[name])
        if "expansion" in described:
            described["expansion"] = from_tensors(described["expansion"], tensors, EXPANSION)
        described["columns"] = Encoding.from_plain(described["columns"])
        return cls(Population.from_tensors(tensors, metadata), **described)


def _encoding(columns: Columns) -> Encoding:
    if isinstance(columns, Encoding):
        return columns
    if isinstance(columns, Mapping):
        return Encoding.from_plain(columns)
    return Encoding(tuple(columns))
