"""The equations of an explanation, in symbols and then in numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ..kernels.tables import INVERSE_LINKS, LOSSES
from .chain import Factor, Parameter, Unit, error_formulas
from .explanation import Explanation
from .words import arriving, colour, count_paths, number, signed, times

MOST_PATHS = 4  # paths from the error to a weight that are written out one by one


def equations() -> Table:
    """A grid of equations: name, equals sign, what it equals."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(overflow="fold")
    return grid


def equation(grid: Table, name: str, *steps: str) -> None:
    """One equation: the name, each step towards its number, the number."""
    *before, result = steps
    grid.add_row(name, "=", Text.assemble(*(f"{step} = " for step in before), (result, "bold")))


def forward(explanation: Explanation, only: Collection[str] | None = None) -> Table:
    """The forward pass, neuron by neuron; of some neurons only, if they are named."""
    grid = equations()
    sources = dict(zip(explanation.input_names, explanation.x, strict=True)) | {"1": 1.0}
    for layer, units in enumerate(explanation.layers):
        for unit in units:
            if only is None or unit.name in only:
                _forward_unit(grid, explanation, layer, unit, sources)
        sources = {unit.name: unit.activation for unit in units} | {"1": 1.0}
    inverse_link = LOSSES[explanation.mlp.loss].inverse_link
    predictions = zip(explanation.prediction_names, explanation.prediction, strict=True)
    for unit, (name, value) in zip(explanation.layers[-1], predictions, strict=True):
        if INVERSE_LINKS[inverse_link].value:
            equation(grid, name, f"{inverse_link}({unit.name})", number(value, 10))
        elif inverse_link == "softmax":
            equation(grid, name, f"exp({unit.name}) / Σ exp(logit)", number(value, 10))
    return grid


def _forward_unit(grid: Table, explanation: Explanation, layer: int, unit: Unit, sources) -> None:
    parts = arriving(explanation, layer, unit.name)
    symbols = [times(part.source, part.name) for part in parts]
    numbers = [times(signed(sources[part.source]), signed(part.value)) for part in parts]
    total = number(unit.pre_activation, 7 if unit.slope else 10)
    equation(grid, unit.pre_activation_name, " + ".join(symbols), " + ".join(numbers), total)
    if unit.slope is None:
        return
    activation = explanation.mlp.activations[layer]
    steps = [f"{activation}({unit.pre_activation_name})", f"{activation}({total})"]
    if activation == "identity":
        steps = [unit.pre_activation_name]
    equation(grid, unit.name, *steps, number(unit.activation))


def error(explanation: Explanation) -> Table:
    """The loss of each output, and of all."""
    mlp, grid = explanation.mlp, equations()
    names = ["E"] if mlp.outputs == 1 else [f"E{k}" for k in range(1, mlp.outputs + 1)]
    for name, prediction, target, p, t, term in zip(
        names,
        explanation.prediction_names,
        explanation.target_names,
        explanation.prediction,
        explanation.y,
        explanation.error_terms,
        strict=True,
    ):
        symbols = error_formulas(mlp, prediction, target)[0]
        numbers = error_formulas(mlp, signed(p), signed(t))[0]
        equation(grid, name, symbols, numbers, number(term, 10))
    if mlp.outputs > 1:
        total = " + ".join(names)
        if LOSSES[mlp.loss].average:
            total = f"({total}) / {mlp.outputs}"
        equation(grid, "E", total, number(explanation.error, 10))
    return grid


def flow_back(explanation: Explanation) -> Table:
    """∂E/∂z of every neuron, from the outputs back."""
    grid = equations()
    after: Sequence[Unit] = ()
    for units in reversed(explanation.layers):
        for unit in units:
            gradient, value = unit.gradient, number(unit.gradient.value)
            if unit.slope is None:
                equation(grid, gradient.name, gradient.formula, value)
                continue
            terms = [
                times(signed(following.delta), signed(link.value))
                for following, link in zip(after, unit.links, strict=True)
            ]
            equation(grid, gradient.name, gradient.formula, " + ".join(terms), value)
            symbols = times(gradient.name, unit.slope.name)
            numbers = times(value, signed(unit.slope.value))
            delta = f"∂E/∂{unit.pre_activation_name}"
            equation(grid, delta, symbols, numbers, number(unit.delta))
        after = units
    return grid


def chain(explanation: Explanation, parameter: Parameter) -> Table:
    """∂E/∂w in symbols, as what they stand for, in numbers."""
    grid = equations()
    paths = chain_paths(explanation, parameter)
    for name, words in ((f"∂E/∂{parameter.name}", _name), ("", _formula), ("", _value)):
        products = [_coloured(map(words, path)) for path in paths]
        grid.add_row(name, "=", Text("\n+ ").join(products))
    equation(grid, "", number(parameter.gradient))
    return grid


def chain_paths(explanation: Explanation, parameter: Parameter) -> Sequence[tuple[Factor, ...]]:
    """Every path from the error to a weight; where they are many, from where they meet."""
    if count_paths(explanation.layers[parameter.layer :]) <= MOST_PATHS:
        return explanation.paths(parameter.name)
    return [parameter.factors]


def _name(factor: Factor) -> str:
    return factor.name


def _formula(factor: Factor) -> str:
    """What a factor is; one that is a sum over paths keeps its name."""
    if "∂" in factor.formula:
        return factor.name
    return f"({factor.formula})" if " " in factor.formula else factor.formula


def _value(factor: Factor) -> str:
    return signed(factor.value)


def _coloured(factors: Iterable[str]) -> Text:
    """A product whose factors are told apart by colour."""
    return Text(" · ").join(Text(factor, colour(k)) for k, factor in enumerate(factors))
