"""Every number of one step of gradient descent, by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..training.network import MLP
from ..training.population import Population
from .chain import Factor, Parameter, Unit, error_formulas, numbered, paths_to
from .page import frame


@dataclass(frozen=True)
class Explanation:
    """One step of gradient descent on one sample; what :func:`bpfast.explain` returns.

    Attributes
    ----------
    mlp : MLP
    x, y : inputs and targets; for class labels, a target for each class
    learning_rate : float
    device : the device that computed it
    layers : the neurons of every layer after the inputs
    prediction : of each output
    error_terms : loss of each output
    error : the loss E: sum of the terms, or their mean for mse, mae and huber
    weights, biases : every parameter with its gradient, chain rule and new value
    next_prediction, next_error : with the new weights
    step : which step of gradient descent this is, from 1; see :func:`bpfast.explaining.steps.later`

    ``explanation["w1"]`` is a parameter or neuron by its name.
    """

    mlp: MLP
    x: tuple[float, ...]
    y: tuple[float, ...]
    learning_rate: float
    device: str
    layers: tuple[tuple[Unit, ...], ...]
    prediction: tuple[float, ...]
    error_terms: tuple[float, ...]
    error: float
    weights: tuple[Parameter, ...]
    biases: tuple[Parameter, ...]
    next_prediction: tuple[float, ...]
    next_error: float
    step: int = 1

    @property
    def pre_activations(self) -> tuple[tuple[float, ...], ...]:
        """z of every neuron, layer by layer."""
        return tuple(tuple(unit.pre_activation for unit in layer) for layer in self.layers)

    @property
    def activations(self) -> tuple[tuple[float, ...], ...]:
        """a of every neuron, layer by layer; those of the output layer are its z."""
        return tuple(tuple(unit.activation for unit in layer) for layer in self.layers)

    @property
    def deltas(self) -> tuple[tuple[float, ...], ...]:
        """∂E/∂z of every neuron, layer by layer."""
        return tuple(tuple(unit.delta for unit in layer) for layer in self.layers)

    @property
    def gradients(self) -> dict[str, float]:
        """∂E/∂w of every weight and bias by name."""
        return {part.name: part.gradient for part in (*self.weights, *self.biases)}

    @property
    def input_names(self) -> tuple[str, ...]:
        """``i1``, ``i2``, ..."""
        return tuple(f"i{k}" for k in range(1, self.mlp.inputs + 1))

    @property
    def prediction_names(self) -> tuple[str, ...]:
        """``prediction``, or ``prediction1``, ..."""
        return numbered("prediction", self.mlp.outputs)

    @property
    def target_names(self) -> tuple[str, ...]:
        """``target``, or ``target1``, ..."""
        return numbered("target", self.mlp.outputs)

    def __getitem__(self, name: str) -> Parameter | Unit:
        units = {unit.name: unit for layer in self.layers for unit in layer}
        return (units | {part.name: part for part in (*self.weights, *self.biases)})[name]

    def population(self) -> Population:
        """The network before the step, as a population of one in float64."""
        return Population.from_arrays(self.mlp, *self.matrices(), "float64")

    def sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets as :func:`bpfast.fit` takes them, (1, inputs) and (1, outputs)."""
        return np.array([self.x]), np.array([self.y])

    def matrices(self, new: bool = False) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights and biases as :func:`bpfast.explain` takes them, before or after the step."""
        return self._arrays(self.weights, new), [b[0] for b in self._arrays(self.biases, new)]

    def _arrays(self, parameters: Sequence[Parameter], new: bool) -> list[np.ndarray]:
        arrays = []
        for layer, width in enumerate(self.mlp.layers[1:]):
            parts = [part for part in parameters if part.layer == layer]
            values = [part.new_value if new else part.value for part in parts]
            if parts:
                arrays.append(np.array(values).reshape(width, -1).T.copy())
        return arrays

    def paths(self, name: str) -> tuple[tuple[Factor, ...], ...]:
        """Every path from the error back to a weight or bias, as its factors.

        The products of the paths add up to the gradient.
        """
        parameter = self[name]
        if not isinstance(parameter, Parameter):
            raise KeyError(f"{name} is a neuron, not a weight or bias")
        units = [unit.name for unit in self.layers[parameter.layer]]
        arrivals = paths_to(self.layers, parameter.layer, units.index(parameter.target))
        return tuple((*path, parameter.factors[-1]) for path in arrivals)

    def as_dict(self) -> dict[str, Any]:
        """Everything as dictionaries, tuples, strings and numbers.

        ``["network"]`` is the network, its sample and its learning rate in the form that
        :func:`bpfast.explaining.network.read_network` reads.
        """
        weights, biases = self.matrices()
        network = asdict(self.mlp) | {
            "weights": [matrix.tolist() for matrix in weights],
            "biases": [vector.tolist() for vector in biases],
            "x": self.x,
            "y": self.y,
            "learning_rate": self.learning_rate,
        }
        result = asdict(self)
        for key in ("mlp", "x", "y", "learning_rate"):
            del result[key]
        return {"network": network, **result}

    def page_data(self) -> dict[str, Any]:
        """:meth:`as_dict`, with the names and formulas that :mod:`bpfast.explaining.page` shows."""
        pairs = zip(self.prediction_names, self.target_names, strict=True)
        return self.as_dict() | {
            "input_names": self.input_names,
            "prediction_names": self.prediction_names,
            "target_names": self.target_names,
            "error_formulas": [error_formulas(self.mlp, *pair)[0] for pair in pairs],
        }

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the page of ``bpfast explain --html``, where it can be made."""
        return frame(self.page_data())

    def to_json(self, indent: int | None = None) -> str:
        """:meth:`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=indent)
