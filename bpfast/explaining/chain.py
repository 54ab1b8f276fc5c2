"""The chain rule of a network: neurons and weights with every derivative, in symbols and numbers.

The derivatives are those of the scalar functions that the kernels are compiled from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul

from ..kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES
from ..training.network import MLP
from ..training.population import Population


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
    name : ``h1``; with several hidden layers ``h2.1``; ``prediction`` (``logit`` or ``logarithm``
        where the loss turns it into a probability or a rate), numbered if there are several outputs
    pre_activation_name : ``z1``; the output layer is linear, there it is the name itself
    pre_activation : weighted sum of what comes in, z
    activation : value that goes out, a
    slope : ∂a/∂z; None in the output layer
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
        where they meet; :meth:`Explanation.paths` returns them one by one.
    """

    name: str
    layer: int
    source: str
    target: str
    value: float
    gradient: float
    new_value: float
    factors: tuple[Factor, ...]


def neurons(population: Population, x: tuple[float, ...], targets: tuple[float, ...]):
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
    if loss.inverse_link == "softmax":
        top, total = max(outputs), sum(targets)
        log_sum = math.log(sum(math.exp(p - top) for p in outputs))
        terms = [loss.value(p - top, t, log_sum, parameter) for p, t in pairs]
        slopes = [loss.slope(math.exp(p - top - log_sum), t, total) for p, t in pairs]
    else:
        terms = [loss.value(p, t, parameter) for p, t in pairs]
        slopes = [loss.slope(p, t, parameter) for p, t in pairs]
    share = len(pairs) if loss.average else 1
    return floats(terms), [float(slope) / share for slope in slopes]


def _output_layer(mlp: MLP, z, targets, slopes) -> tuple[Unit, ...]:
    names = numbered(INVERSE_LINKS[LOSSES[mlp.loss].inverse_link].output, len(z))
    symbols = zip(numbered("prediction", len(z)), numbered("target", len(z)), strict=True)
    units = []
    for name, value, slope, pair in zip(names, z, slopes, symbols, strict=True):
        gradient = Factor(
            _derivative("E", name), error_formulas(mlp, *pair, sum(targets))[1], slope
        )
        units.append(Unit(name, name, value, value, None, (), gradient, slope))
    return tuple(units)


def _hidden_layer(mlp: MLP, layer: int, z, a, weights, after: Sequence[Unit]) -> tuple[Unit, ...]:
    first = 1 + sum(d_in * d_out for d_in, d_out in [*pairwise(mlp.layers)][: layer + 1])
    prefix = f"{layer + 1}." if len(mlp.activations) > 1 else ""
    name_of_activation = mlp.activations[layer]
    activation = ACTIVATIONS[name_of_activation]
    formula = activation.formula or f"{name_of_activation}'({{z}})"
    units = []
    for j, (sum_in, out) in enumerate(zip(z, a, strict=True)):
        name, sum_name = f"h{prefix}{j + 1}", f"z{prefix}{j + 1}"
        links = tuple(
            Factor(
                _derivative(unit.pre_activation_name, name),
                f"w{first + k * len(z) + j}",
                weights[layer + 1][j][k],
            )
            for k, unit in enumerate(after)
        )
        pairs = list(zip(after, links, strict=True))
        gradient = Factor(
            _derivative("E", name),
            " + ".join(
                f"{_derivative('E', unit.pre_activation_name)}·{link.formula}"
                for unit, link in pairs
            ),
            sum(unit.delta * link.value for unit, link in pairs),
        )
        slope = Factor(
            _derivative(name, sum_name),
            formula.format(a=name, z=sum_name),
            float(activation.slope(sum_in, out)),
        )
        delta = gradient.value * slope.value
        units.append(Unit(name, sum_name, sum_in, float(out), slope, links, gradient, delta))
    return tuple(units)


def parameters(
    letter: str, layers, *, values, gradients, new_values, inputs=None
) -> tuple[Parameter, ...]:
    """All weights, or without ``inputs`` all biases, neuron by neuron."""
    result: list[Parameter] = []
    sources = {"1": 1.0}
    if inputs is not None:
        sources = {f"i{i + 1}": float(value) for i, value in enumerate(inputs[0])}
    for layer, arrays in enumerate(zip(values, gradients, new_values, strict=True)):
        old, slope, new = (array[0].reshape(len(sources), -1).tolist() for array in arrays)
        for k, unit in enumerate(layers[layer]):
            for i, (source, value) in enumerate(sources.items()):
                name = f"{letter}{len(result) + 1}"
                last = Factor(_derivative(unit.pre_activation_name, name), source, value)
                factors = (*_chain(layers, layer, k), last)
                numbers = old[i][k], slope[i][k], new[i][k]
                result.append(Parameter(name, layer, source, unit.name, *numbers, factors))
        if inputs is not None:
            sources = {unit.name: unit.activation for unit in layers[layer]}
    return tuple(result)


def _chain(layers, layer: int, k: int) -> tuple[Factor, ...]:
    """Factors from the error to a neuron's z, beginning where several paths meet."""
    unit = layers[layer][k]
    if not unit.links:
        return (unit.gradient,)
    if len(unit.links) > 1:
        return unit.gradient, unit.slope
    return *_chain(layers, layer + 1, 0), unit.links[0], unit.slope


def paths_to(layers, layer: int, k: int) -> list[tuple[Factor, ...]]:
    """Every path from the error to a neuron's z."""
    unit = layers[layer][k]
    if not unit.links:
        return [(unit.gradient,)]
    return [
        (*path, link, unit.slope)
        for after, link in enumerate(unit.links)
        for path in paths_to(layers, layer + 1, after)
    ]


def error_formulas(mlp: MLP, prediction: str, target: str, total: float = 1.0) -> tuple[str, str]:
    """The loss of one output and the derivative of the whole loss with respect to it, in symbols.

    Parameters
    ----------
    mlp : MLP
    prediction, target : what to write for them
    total : sum of the targets, which cross_entropy's derivative depends on
    """
    loss, c = LOSSES[mlp.loss], mlp.network.loss_parameter
    names = {"p": prediction, "t": target, "c": f"{c:g}", "d": f"{1 - c:g}"}
    value = (loss.formula or f"{mlp.loss}({{p}}, {{t}})").format(**names)
    slope = (loss.slope_formula or f"{mlp.loss}'({{p}}, {{t}})").format(**names)
    if loss.inverse_link == "softmax" and total != 1.0:
        slope = f"{prediction}·{total:g} - {target}"
    if loss.average and mlp.outputs > 1:
        slope = f"{slope if slope.endswith(')') else f'({slope})'}/{mlp.outputs}"
    return value, slope


def numbered(name: str, n: int) -> tuple[str, ...]:
    return (name,) if n == 1 else tuple(f"{name}{k}" for k in range(1, n + 1))


def _derivative(top: str, bottom: str) -> str:
    return f"∂{top}/∂{bottom}"


def floats(values) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
