"""One step of gradient descent, explained: the trainer's numbers beside those of the chain rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..kernels.tables import LOSSES
from ..training.backpropagation import gradients
from ..training.history import History
from ..training.loop import fit
from ..training.network import MLP
from ..training.optimizers import SGD
from ..training.population import Population
from .chain import floats, neurons, parameters
from .explanation import Explanation

MOST_LAYERS, MOST_UNITS = 4, 8  # layers of weights, units in a layer


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
    history = descend(new, (inputs, targets), learning_rate=rate, steps=1, device=device)
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
        weights=parameters(
            "w",
            layers,
            values=population.weights,
            gradients=weight_gradients,
            new_values=new.weights,
            inputs=inputs,
        ),
        biases=parameters(
            "b",
            layers,
            values=population.biases,
            gradients=bias_gradients,
            new_values=new.biases,
        ),
        next_prediction=floats(new.predict(inputs, device=device)[0, 0]),
        next_error=float(next_error[0]),
    )


def descend(
    population: Population,
    sample: tuple[np.ndarray, np.ndarray],
    *,
    learning_rate: float | np.ndarray,
    steps: int,
    device: str,
    tol: float | None = 0.0,
) -> History:
    """Plain gradient descent on one sample, in place, by the trainer itself."""
    history = fit(
        population,
        *sample,
        SGD(learning_rate=learning_rate),
        epochs=steps,
        tol=tol,
        record="last",
        device=device,
        progress=False,
    )
    if history.interrupted:
        raise KeyboardInterrupt  # an explanation of fewer steps would be wrong
    return history


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
