"""Backpropagation step by step: every number of one step of gradient descent, by name.

Gradients, new weights and predictions are the trainer's own (:func:`bpfast.gradients`,
:func:`bpfast.fit`, :meth:`bpfast.Population.predict`); the chain rule is told in
:mod:`bpfast.explaining.chain`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernels.tables import LOSSES
from ..training.network import MLP
from ..training.optimizers import SGD
from ..training.population import Population
from ..training.training import fit, gradients
from .chain import Factor, Parameter, Unit, floats, neurons, numbered, parameters, paths_to

MOST_LAYERS, MOST_UNITS = 4, 8  # layers of weights, units in a layer


@dataclass(frozen=True)
class Explanation:
    """One step of gradient descent on one sample; what :func:`explain` returns.

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
    step : which step of gradient descent it is, from 1; see :func:`bpfast.explaining.steps.later`

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
        """Weights and biases as :func:`explain` takes them: as they were, or the new ones."""
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
        :func:`read_network` reads.
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

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the page of ``bpfast explain --html``, where it can be made."""
        from .page import frame  # which explains explanations itself

        return frame(self)

    def to_json(self, indent: int | None = None) -> str:
        """:meth:`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=indent)


def explain(
    mlp: MLP,
    weights: Sequence,
    x: Sequence,
    y,
    learning_rate: float,
    biases: Sequence = (),
    device: str = "auto",
) -> Explanation:
    """Explain one step of gradient descent on one sample, in float64.

    Parameters
    ----------
    mlp : MLP
        Up to 4 layers of weights and 8 units in a layer, any activation and loss.
    weights : for each layer (d_in, d_out), as in ``z = a @ W + b``
    x : (inputs,) numbers
    y : (outputs,) numbers, one number for one output, or a class label for cross_entropy
    learning_rate : at least 0
    biases : for each layer (d_out,); empty for zeros
    device : "auto", "cpu", "cuda" or "reference"

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError, ValueError
        Shapes that do not fit, NaN, a network that is too large to read, numbers so large that
        the step leaves the range of float64.
    """
    population = _population(mlp, weights, biases)
    inputs, targets = _array("x", x, (mlp.inputs,))[None], _targets(mlp, y)
    rate = float(_array("learning_rate", learning_rate, ()))
    error, weight_gradients, bias_gradients = gradients(population, inputs, targets, device=device)
    new = population[0]
    history = descend(new, inputs, targets, rate, 1, device)
    next_error = gradients(new, inputs, targets, device=device)[0]
    if history.diverged[0] or not np.isfinite([error[0], next_error[0]]).all():
        raise ValueError(
            f"the numbers overflow: error {float(error[0]):g}, with the new weights "
            f"{float(next_error[0]):g}; take smaller inputs, weights or learning_rate={rate:g}"
        )
    layers, terms = neurons(population, floats(inputs[0]), floats(targets[0]))
    return Explanation(
        mlp=mlp,
        x=floats(inputs[0]),
        y=floats(targets[0]),
        learning_rate=rate,
        device=history.plan.device,
        layers=layers,
        prediction=floats(population.predict(inputs, device=device)[0, 0]),
        error_terms=terms,
        error=float(error[0]),
        weights=parameters("w", layers, population.weights, weight_gradients, new.weights, inputs),
        biases=parameters("b", layers, population.biases, bias_gradients, new.biases),
        next_prediction=floats(new.predict(inputs, device=device)[0, 0]),
        next_error=float(next_error[0]),
    )


def _array(name: str, value, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of a given shape.

    Raises
    ------
    ValueError
        Not numbers, NaN or infinity, another shape.
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        wanted = f"numbers in the shape {shape}" if shape else "a number"
        raise ValueError(f"{name} must be {wanted}, got {value!r}") from None
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has NaN or infinity: give finite numbers")
    return array


def _targets(mlp: MLP, y) -> np.ndarray:
    """Targets as (1, outputs); a class label becomes a target for each class."""
    y = list(y) if np.iterable(y) else [y]
    if LOSSES[mlp.loss].inverse_link == "softmax" and len(y) == 1:
        if y[0] not in range(mlp.outputs):
            raise ValueError(
                f"y must be a class from 0 to {mlp.outputs - 1}, or {mlp.outputs} targets, "
                f"got {y[0]!r}"
            )
        y = np.eye(mlp.outputs)[int(y[0])]
    return _array("y", y, (mlp.outputs,))[None]


def _population(mlp: MLP, weights: Sequence, biases: Sequence) -> Population:
    """The network as a population of one, checked."""
    if not isinstance(mlp, MLP):
        raise TypeError(f"mlp must be a bpfast.MLP, got {type(mlp).__name__}")
    if len(mlp.layers) - 1 > MOST_LAYERS or max(mlp.layers) > MOST_UNITS:
        raise ValueError(
            f"layers={mlp.layers} is too large to read: explain takes up to {MOST_LAYERS} layers "
            f"of weights and {MOST_UNITS} units in a layer"
        )
    if len(biases) and not mlp.bias:
        raise ValueError("biases were given for a network with bias=False: leave out one of them")
    shapes = [*pairwise(mlp.layers)]
    weights = _arrays("weights", weights, shapes)
    biases = _arrays("biases", biases, [shape[1:] for shape in shapes]) if len(biases) else []
    return Population.from_arrays(mlp, weights, biases, "float64")


def _arrays(name: str, values: Sequence, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    if len(values) != len(shapes):
        raise ValueError(f"{name} has {len(values)} arrays, expected one of each shape {shapes}")
    return [_array(f"{name}[{k}]", values[k], shape) for k, shape in enumerate(shapes)]


def descend(population, inputs, targets, rate: float, steps: int, device: str, close=0.0):
    """Some steps of plain gradient descent on one sample, by the trainer itself."""
    history = fit(
        population,
        inputs,
        targets,
        SGD(learning_rate=rate),
        epochs=steps,
        tol=close,
        record="last",
        device=device,
        progress=False,
    )
    if history.interrupted:
        raise KeyboardInterrupt  # half an explanation is none
    return history
