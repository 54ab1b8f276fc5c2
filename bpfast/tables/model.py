"""A trained network with all that its inputs and outputs mean, in one file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_array
from ..files import read_tensors, write_tensors
from ..kernels.tables import LOSSES
from ..training.population import FORMAT, Population
from .columns import Columns, feature_names
from .export import to_onnx
from .scaling import Scaler

if TYPE_CHECKING:
    import onnx

MODEL = "model"  # in a file's metadata: a population's have no such key


@dataclass(frozen=True)
class Model:
    """A trained network, the scaling of its inputs and target, and the names of its classes.

    :attr:`bpfast.SweepResult.model` is one; ``bpfast sweep`` writes one and ``bpfast predict``
    reads it.

    Parameters
    ----------
    population : Population of one network
    scaler : Scaler of the inputs
    target_scaler : Scaler of a target of numbers, or None for one that was not scaled
    classes : names of the classes that the outputs stand for, empty for numbers
    columns : the table's columns that the inputs are made of, in order, each with a list of its
        categories: an input for each category, or one input for an empty list, of numbers. If not
        given, they are numbers called x0, x1, ...
    metric : the score that the network was chosen by, such as "accuracy"

    Raises
    ------
    TypeError, ValueError
        More than one network; another number of columns or classes than of inputs or outputs;
        classes for another loss than cross_entropy.
    """

    population: Population
    scaler: Scaler
    target_scaler: Scaler | None = None
    classes: list[str] = field(default_factory=list)
    columns: Columns = field(default_factory=dict)
    metric: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.population, Population):
            raise TypeError(f"population must be a Population, got {self.population!r}")
        if len(self.population) != 1:
            raise ValueError(
                f"a model is one network, got {len(self.population)}: choose one, as in "
                "population[0] or population.best(history)"
            )
        mlp = self.population.mlp
        if not self.columns:
            object.__setattr__(self, "columns", {f"x{k}": [] for k in range(mlp.inputs)})
        if len(self.features) != mlp.inputs:
            raise ValueError(f"columns make {len(self.features)} inputs of {mlp.inputs}")
        if np.shape(self.scaler.mean) != (mlp.inputs,):
            raise ValueError(f"scaler is for {np.size(self.scaler.mean)} inputs of {mlp.inputs}")
        expected = mlp.outputs if LOSSES[mlp.loss].inverse_link == "softmax" else 0
        if len(self.classes) != expected:
            raise ValueError(
                f"classes has {len(self.classes)} names, {mlp.loss} with {mlp.outputs} outputs "
                f"needs {expected}"
            )

    @property
    def features(self) -> list[str]:
        """Names of the inputs, such as "area" and "colour=red"."""
        return feature_names(self.columns)

    def predict(self, X, device: str = "auto") -> np.ndarray:
        """Predictions in the target's own terms: names of classes, or numbers in its units.

        Parameters
        ----------
        X : (samples, inputs), not scaled
        device : as for :meth:`Population.predict`

        Returns
        -------
        (samples,) names of classes; or (samples,) float64 numbers in the target's units,
        (samples, outputs) of them for several outputs

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`Population.predict`; a row's probabilities are not numbers, so that it has no
            class.
        """
        outputs = self._outputs(X, device)
        if self.classes:
            _check_probabilities(outputs)
            return np.array(self.classes)[outputs.argmax(axis=1)]
        numbers = outputs.astype(np.float64)
        if self.population.mlp.outputs == 1:
            numbers = numbers[:, 0]
        return numbers if self.target_scaler is None else self.target_scaler.invert(numbers)

    def predict_proba(self, X, device: str = "auto") -> np.ndarray:
        """The probability of each class, in the order of ``classes``.

        Parameters
        ----------
        X, device : as for :meth:`predict`

        Returns
        -------
        (samples, classes)

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`predict`; the model predicts numbers.
        """
        if not self.classes:
            raise ValueError("a model that predicts numbers has no probabilities: use predict")
        return self._outputs(X, device)

    def _outputs(self, X, device: str) -> np.ndarray:
        """The network's outputs, (samples, outputs)."""
        X, inputs = check_array("X", X, np.float64), self.population.mlp.inputs
        if X.ndim != 2 or X.shape[1] != inputs:  # before the scaler meets another shape
            raise ValueError(f"X has shape {X.shape}, expected (samples, {inputs})")
        return self.population.predict(self.scaler.apply(X), device)[0]

    def to_onnx(self) -> onnx.ModelProto:
        """The network and its scaling as an ONNX model of opset 17, for any runtime.

        Its input ``X`` (samples, inputs) is float64 and not scaled, in the order of
        :attr:`features`. Its output ``predictions`` (samples, outputs), float64 too, holds the
        probability of each class, or numbers in the target's units. The model's metadata have
        ``features`` and ``classes``, as JSON.

        Raises
        ------
        ValueError, ImportError
            As :meth:`Population.to_onnx`.
        """
        named = {"features": json.dumps(self.features), "classes": json.dumps(self.classes)}
        return to_onnx(self.population, self.scaler, self.target_scaler, named)

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
            "columns": self.columns,
            "scaler": _describe(self.scaler),
            "target_scaler": None if self.target_scaler is None else _describe(self.target_scaler),
            "classes": self.classes,
            "metric": self.metric,
        }
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
        if metadata.get("format") != FORMAT or MODEL not in metadata:
            raise ValueError(
                f"{path} is no model: Model.save and bpfast sweep write them, with scaler and names"
            )
        described = json.loads(metadata[MODEL])
        for name in ("scaler", "target_scaler"):
            if described[name] is not None:
                arrays = {key: np.array(values) for key, values in described[name].items()}
                described[name] = Scaler(**arrays)
        return cls(Population.from_tensors(tensors, metadata), **described)


def _check_probabilities(outputs: np.ndarray) -> None:
    """Refuse NaN, which ``argmax`` would take for the first class."""
    lost = np.isnan(outputs).any(axis=1)
    if lost.any():
        raise ValueError(
            f"row {int(lost.argmax())} of X, and {int(lost.sum()) - 1} others, have no class: the "
            "network's outputs overflow there; it diverged, or was never trained on such numbers"
        )


def _describe(scaler: Scaler) -> dict[str, Any]:
    return {name: np.asarray(array).tolist() for name, array in vars(scaler).items()}
