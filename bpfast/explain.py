"""Backpropagation step by step: every number of one step of gradient descent, by name.

Gradients, new weights and predictions are the trainer's own (:func:`bpfast.gradients`,
:func:`bpfast.fit`, :meth:`bpfast.Population.predict`); the factors of the chain rule come from the
scalar functions that its kernels are made of.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FINITE
from .kernels.math import ACTIVATIONS, LOSSES
from .network import MLP
from .optimizers import SGD
from .population import Population
from .training import fit, gradients

MOST_LAYERS, MOST_UNITS = 4, 8  # layers of weights, units in a layer

MLP_KEYS = ("layers", "activation", "loss", "bias", "delta", "quantile")
REQUIRED_KEYS = ("layers", "weights", "x", "y", "learning_rate")
KEYS = (*REQUIRED_KEYS, "biases", *MLP_KEYS[1:])
KINDS: dict[str, Any] = {
    "activation": (str, list),
    "loss": str,
    "bias": bool,
    "weights": list,
    "biases": list,
}
NUMBERS = ("learning_rate", "delta", "quantile")

# The derivative of each activation; {a} is the activation's name, {z} its pre-activation's.
SLOPES = {
    "identity": "1",
    "relu": "1 if {z} > 0 else 0",
    "leaky_relu": "1 if {z} > 0 else 0.01",
    "tanh": "1 - {a}²",
    "sigmoid": "{a}·(1 - {a})",
    "softplus": "sigmoid({z})",
    "elu": "1 if {z} > 0 else {a} + 1",
    "silu": "sigmoid({z}) + {a}·(1 - sigmoid({z}))",
    "gelu": "Φ({z}) + {z}·φ({z})",
}

# Each loss of one output and its derivative; {p} is the prediction, {t} the target, {c} huber's
# delta or quantile's level, {d} is 1 - {c}. The last two are derived with respect to the logit.
ERRORS = {
    "half_squared_error": ("½·({p} - {t})²", "{p} - {t}"),
    "mse": ("({p} - {t})²", "2·({p} - {t})"),
    "mae": ("|{p} - {t}|", "sign({p} - {t})"),
    "huber": ("huber({p} - {t}, delta {c})", "clip({p} - {t}, ±{c})"),
    "quantile": ("max({c}·({t} - {p}), ({c} - 1)·({t} - {p}))", "{d} if {p} > {t} else -{c}"),
    "binary_cross_entropy": ("-{t}·log({p}) - (1 - {t})·log(1 - {p})", "{p} - {t}"),
    "cross_entropy": ("-{t}·log({p})", "{p} - {t}"),
}


@dataclass(frozen=True)
class Factor:
    """One factor of a chain rule.

    Attributes
    ----------
    name : the derivative, such as ``∂z1/∂w1``
    formula : what it is, such as ``i1``
    value : its number
    """

    name: str
    formula: str
    value: float


@dataclass(frozen=True)
class Unit:
    """A neuron of the hidden layers or the output layer.

    Attributes
    ----------
    name : ``h1``; with several hidden layers ``h2.1``; ``prediction`` (``logit`` where the loss
        turns it into a probability), numbered where there are several
    pre_activation_name : ``z1``; the output layer is linear, there it is the name itself
    pre_activation : weighted sum of what comes in, z
    activation : value that goes out, a
    slope : ∂a/∂z; None in the output layer, which is linear
    links : derivative of each neuron's z in the next layer with respect to a: the weights that
        lead there; none from the output layer
    gradient : ∂E/∂a; of a hidden neuron the sum, over the neurons of the next layer, of their
        delta times the link
    delta : ∂E/∂z
    """

    name: str
    pre_activation_name: str
    pre_activation: float
    activation: float
    slope: Factor | None
    links: tuple[Factor, ...]
    gradient: Factor
    delta: float


@dataclass(frozen=True)
class Parameter:
    """A weight or bias.

    Attributes
    ----------
    name : ``w1``, ``w2``, ... neuron by neuron, layer by layer; ``b1``, ``b2``, ...
    layer : index of its array in ``weights`` or ``biases``
    source, target : names of what it connects; the source of a bias is ``1``
    value : before the step
    gradient : ∂E/∂w as the trainer computed it
    new_value : after the step: value - learning_rate * gradient
    factors : the chain rule from the error to the weight; their product is the gradient. Where
        several paths lead from the weight to the error, the first factor is ∂E/∂h of the neuron
        where they meet; :meth:`Explanation.paths` has them one by one.
    """

    name: str
    layer: int
    source: str
    target: str
    value: float
    gradient: float
    new_value: float
    factors: tuple[Factor, ...]


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
        return _numbered("prediction", self.mlp.outputs)

    @property
    def target_names(self) -> tuple[str, ...]:
        """``target``, or ``target1``, ..."""
        return _numbered("target", self.mlp.outputs)

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
        arrivals = _paths(self.layers, parameter.layer, units.index(parameter.target))
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
    history = _descend(new, inputs, targets, rate, 1, device)
    next_error = gradients(new, inputs, targets, device=device)[0]
    if history.diverged[0] or not np.isfinite([error[0], next_error[0]]).all():
        raise ValueError(
            f"the numbers overflow: error {float(error[0]):g}, with the new weights "
            f"{float(next_error[0]):g}; take smaller inputs, weights or learning_rate={rate:g}"
        )
    layers, terms = _neurons(population, _floats(inputs[0]), _floats(targets[0]))
    return Explanation(
        mlp=mlp,
        x=_floats(inputs[0]),
        y=_floats(targets[0]),
        learning_rate=rate,
        device=history.plan.device,
        layers=layers,
        prediction=_floats(population.predict(inputs, device=device)[0, 0]),
        error_terms=terms,
        error=float(error[0]),
        weights=_parameters("w", layers, population.weights, weight_gradients, new.weights, inputs),
        biases=_parameters("b", layers, population.biases, bias_gradients, new.biases),
        next_prediction=_floats(new.predict(inputs, device=device)[0, 0]),
        next_error=float(next_error[0]),
    )


@dataclass(frozen=True)
class Step:
    """Where gradient descent is after so many steps.

    Attributes
    ----------
    step : number of updates so far
    prediction : of each output
    error : the loss E
    """

    step: int
    prediction: tuple[float, ...]
    error: float


def repeat(explanation: Explanation, steps: Sequence[int], close: float = 0.0) -> list[Step]:
    """Repeat the explained step, until the error is close to zero.

    Parameters
    ----------
    explanation : Explanation
    steps : the numbers of steps to report on, ascending; 0 is the start
    close : the error at which to end early

    Returns
    -------
    list of Step, one for each of ``steps`` that was reached; where the error came close or the
    network diverged on the way to the next, the step where it did so ends the list.
    """
    population = explanation.population()
    inputs, targets = explanation.sample()
    device = explanation.device
    table: list[Step] = []
    done, diverged = 0, False
    for step in steps:
        if step > done:
            history = _descend(
                population, inputs, targets, explanation.learning_rate, step - done, device, close
            )
            done, diverged = done + int(history.epochs_run[0]), bool(history.diverged[0])
        error = float(gradients(population, inputs, targets, device=device)[0][0])
        table.append(Step(done, _floats(population.predict(inputs, device=device)[0, 0]), error))
        if diverged or error <= close:
            break
    return table


def read_network(path: Path | str) -> dict[str, Any]:
    """Arguments of :func:`explain` from a JSON file.

    The file holds an object with the keys layers, weights, x, y and learning_rate, and optionally
    biases, activation, loss, bias, delta and quantile (the last five as in :class:`MLP`).

    Raises
    ------
    ValueError
        The file cannot be read, is not JSON, or a key is missing, not known or of another type.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    try:
        _check_keys(content)
        if isinstance(content.get("activation"), list):
            content["activation"] = tuple(content["activation"])
        mlp = MLP(**{key: content.pop(key) for key in MLP_KEYS if key in content})
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from None
    return {"mlp": mlp, **content}


# --- input ----------------------------------------------------------------------------------------


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
    if LOSSES[mlp.loss].link == "softmax" and len(y) == 1:
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
    shapes = _shapes(mlp)
    weights = _arrays("weights", weights, shapes)
    biases = _arrays("biases", biases, [shape[1:] for shape in shapes]) if len(biases) else []
    return Population.from_arrays(mlp, weights, biases, "float64")


def _arrays(name: str, values: Sequence, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    if len(values) != len(shapes):
        raise ValueError(f"{name} has {len(values)} arrays, expected one of each shape {shapes}")
    return [_array(f"{name}[{k}]", values[k], shape) for k, shape in enumerate(shapes)]


def _check_keys(content) -> None:
    """Raise ``TypeError`` or ``ValueError`` where a network's JSON has wrong keys or types."""
    if not isinstance(content, dict):
        raise TypeError(f"expected an object with the keys {', '.join(REQUIRED_KEYS)}")
    if unknown := sorted(set(content) - set(KEYS)):
        raise ValueError(f"{unknown[0]!r} is not known: the keys are {', '.join(KEYS)}")
    if missing := [key for key in REQUIRED_KEYS if key not in content]:
        raise ValueError(f"{', '.join(missing)} missing: it needs {', '.join(REQUIRED_KEYS)}")
    for key, value in content.items():
        if not isinstance(value, KINDS.get(key, object)):
            raise TypeError(f"{key} is of the wrong type: {value!r}")
        if key in NUMBERS and not _is_number(value):
            raise ValueError(f"{key} must be a finite number, got {value!r}")
    if not all(isinstance(name, str) for name in content.get("activation", ())):
        raise ValueError(f"activation must be names, got {content['activation']!r}")


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= FINITE


# --- one step -------------------------------------------------------------------------------------


def _descend(population, inputs, targets, rate: float, steps: int, device: str, close=0.0):
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


def _neurons(population: Population, x: tuple[float, ...], targets: tuple[float, ...]):
    """The neurons of every layer after the inputs, and the loss of each output."""
    mlp = population.mlp
    weights = [matrix[0].tolist() for matrix in population.weights]
    biases = [vector[0].tolist() for vector in population.biases]
    biases = biases or [[0.0] * width for width in mlp.layers[1:]]
    z: list[list[float]] = []
    a: list[Sequence[float]] = [x]
    for matrix, vector, activation in zip(
        weights, biases, (*mlp.activations, "identity"), strict=True
    ):
        columns = zip(*matrix, strict=True)
        sums = [sum(map(mul, a[-1], column)) for column in columns]
        z.append([total + bias for total, bias in zip(sums, vector, strict=True)])
        a.append([ACTIVATIONS[activation].value(value) for value in z[-1]])
    terms, slopes = _errors(mlp, z[-1], targets)
    layers = [_output_layer(mlp, z[-1], targets, slopes)]
    for layer in reversed(range(len(mlp.activations))):
        layers.insert(0, _hidden_layer(mlp, layer, z[layer], a[layer + 1], weights, layers[0]))
    return tuple(layers), terms


def _errors(mlp: MLP, outputs: Sequence[float], targets: Sequence[float]):
    """Loss of each output, and the derivative of the whole loss with respect to it."""
    loss, parameter = LOSSES[mlp.loss], mlp.network.loss_parameter
    pairs = list(zip(outputs, targets, strict=True))
    if loss.link == "softmax":
        top, total = max(outputs), sum(targets)
        log_sum = top + math.log(sum(math.exp(p - top) for p in outputs))
        terms = [loss.value(p, t, log_sum) for p, t in pairs]
        slopes = [loss.slope(math.exp(p - log_sum), t, total) for p, t in pairs]
    else:
        terms = [loss.value(p, t, parameter) for p, t in pairs]
        slopes = [loss.slope(p, t, parameter) for p, t in pairs]
    share = len(pairs) if loss.average else 1
    return _floats(terms), [float(slope) / share for slope in slopes]


def _output_layer(mlp: MLP, z, targets, slopes) -> tuple[Unit, ...]:
    names = _numbered("prediction" if LOSSES[mlp.loss].link == "identity" else "logit", len(z))
    symbols = zip(_numbered("prediction", len(z)), _numbered("target", len(z)), strict=True)
    units = []
    for name, value, slope, pair in zip(names, z, slopes, symbols, strict=True):
        gradient = Factor(_d("E", name), error_formulas(mlp, *pair, sum(targets))[1], slope)
        units.append(Unit(name, name, value, value, None, (), gradient, slope))
    return tuple(units)


def _hidden_layer(mlp: MLP, layer: int, z, a, weights, after: Sequence[Unit]) -> tuple[Unit, ...]:
    first = 1 + sum(d_in * d_out for d_in, d_out in _shapes(mlp)[: layer + 1])
    prefix = f"{layer + 1}." if len(mlp.activations) > 1 else ""
    activation = mlp.activations[layer]
    units = []
    for j, (sum_in, out) in enumerate(zip(z, a, strict=True)):
        name, sum_name = f"h{prefix}{j + 1}", f"z{prefix}{j + 1}"
        links = tuple(
            Factor(
                _d(unit.pre_activation_name, name),
                f"w{first + k * len(z) + j}",
                weights[layer + 1][j][k],
            )
            for k, unit in enumerate(after)
        )
        pairs = list(zip(after, links, strict=True))
        gradient = Factor(
            _d("E", name),
            " + ".join(
                f"{_d('E', unit.pre_activation_name)}·{link.formula}" for unit, link in pairs
            ),
            sum(unit.delta * link.value for unit, link in pairs),
        )
        slope = Factor(
            _d(name, sum_name),
            SLOPES.get(activation, f"{activation}'({{z}})").format(a=name, z=sum_name),
            float(ACTIVATIONS[activation].slope(sum_in, out)),
        )
        delta = gradient.value * slope.value
        units.append(Unit(name, sum_name, sum_in, float(out), slope, links, gradient, delta))
    return tuple(units)


def _parameters(letter: str, layers, values, gradients, news, inputs=None) -> tuple[Parameter, ...]:
    """All weights, or without ``inputs`` all biases, neuron by neuron."""
    parameters: list[Parameter] = []
    sources = {"1": 1.0}
    if inputs is not None:
        sources = {f"i{i + 1}": float(value) for i, value in enumerate(inputs[0])}
    for layer, arrays in enumerate(zip(values, gradients, news, strict=True)):
        old, slope, new = (array[0].reshape(len(sources), -1).tolist() for array in arrays)
        for k, unit in enumerate(layers[layer]):
            for i, (source, value) in enumerate(sources.items()):
                name = f"{letter}{len(parameters) + 1}"
                last = Factor(_d(unit.pre_activation_name, name), source, value)
                factors = (*_chain(layers, layer, k), last)
                numbers = old[i][k], slope[i][k], new[i][k]
                parameters.append(Parameter(name, layer, source, unit.name, *numbers, factors))
        if inputs is not None:
            sources = {unit.name: unit.activation for unit in layers[layer]}
    return tuple(parameters)


def _chain(layers, layer: int, k: int) -> tuple[Factor, ...]:
    """Factors from the error to a neuron's z, beginning where several paths meet."""
    unit = layers[layer][k]
    if not unit.links:
        return (unit.gradient,)
    if len(unit.links) > 1:
        return unit.gradient, unit.slope
    return *_chain(layers, layer + 1, 0), unit.links[0], unit.slope


def _paths(layers, layer: int, k: int) -> list[tuple[Factor, ...]]:
    """Every path from the error to a neuron's z."""
    unit = layers[layer][k]
    if not unit.links:
        return [(unit.gradient,)]
    return [
        (*path, link, unit.slope)
        for after, link in enumerate(unit.links)
        for path in _paths(layers, layer + 1, after)
    ]


def error_formulas(mlp: MLP, prediction: str, target: str, total: float = 1.0) -> tuple[str, str]:
    """The loss of one output and the derivative of the whole loss with respect to it, in symbols.

    Parameters
    ----------
    mlp : MLP
    prediction, target : what to write for them
    total : sum of the targets, which cross_entropy's derivative depends on
    """
    c = mlp.network.loss_parameter
    names = {"p": prediction, "t": target, "c": f"{c:g}", "d": f"{1 - c:g}"}
    own = f"{mlp.loss}({{p}}, {{t}})", f"{mlp.loss}'({{p}}, {{t}})"
    value, slope = (formula.format(**names) for formula in ERRORS.get(mlp.loss, own))
    if LOSSES[mlp.loss].link == "softmax" and total != 1.0:
        slope = f"{prediction}·{total:g} - {target}"
    if LOSSES[mlp.loss].average and mlp.outputs > 1:
        slope = f"({slope})/{mlp.outputs}"
    return value, slope


def _shapes(mlp: MLP) -> list[tuple[int, int]]:
    return list(zip(mlp.layers[:-1], mlp.layers[1:], strict=True))


def _numbered(name: str, n: int) -> tuple[str, ...]:
    return (name,) if n == 1 else tuple(f"{name}{k}" for k in range(1, n + 1))


def _d(top: str, bottom: str) -> str:
    return f"∂{top}/∂{bottom}"


def _floats(values) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
