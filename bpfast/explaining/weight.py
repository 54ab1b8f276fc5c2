"""One weight in the terminal: its paths to the error, its chain rule, and its effect alone."""

from __future__ import annotations

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..training.backpropagation import gradients
from .chain import Parameter
from .chart import LABEL, Mark, Scale, chart
from .equations import chain, chain_paths, equation, equations, error, forward
from .explanation import Explanation
from .terminal import opening
from .words import Section, colour, connection, number, plain_table, signed, tell

CURVE = (60, 12)  # characters across and down
NUDGE = 1e-3  # how far the weight is moved to measure the slope


def render_weight(explanation: Explanation, name: str) -> Group:
    """The story of one weight or bias.

    Raises
    ------
    ValueError
        There is none of this name.
    """
    part = find_parameter(explanation, name)
    lit, neurons = _downstream(explanation, part)
    story: list[Section] = [
        (f"What {name} reaches in the forward pass", _reach(explanation, neurons)),
        (f"The chain rule: how much does {name} change the error?", chain(explanation, part)),
        ("What each factor says", _factors(explanation, part)),
        (f"Try it: change {name} alone", _alone(explanation, part)),
        ("The update", _update(explanation, part)),
    ]
    return tell(f"Backpropagation of {name} ({connection(part)})", opening(explanation, lit), story)


def find_parameter(explanation: Explanation, name: str) -> Parameter:
    """The weight or bias of a name.

    Raises
    ------
    ValueError
        There is none; the message says which there are.
    """
    groups = [parts for parts in (explanation.weights, explanation.biases) if parts]
    for part in (*explanation.weights, *explanation.biases):
        if part.name == name:
            return part
    known = " or ".join(f"{parts[0].name} to {parts[-1].name}" for parts in groups)
    raise ValueError(f"--weight must be {known}, got {name!r}")


def _downstream(explanation: Explanation, part: Parameter) -> tuple[list[str], list[str]]:
    """The weights, itself first, and the neurons on the paths from a weight to the error."""
    weights, neurons = [part.name], [part.target]
    for weight in explanation.weights:
        if weight.source in neurons:
            weights.append(weight.name)
            if weight.target not in neurons:
                neurons.append(weight.target)
    return weights, neurons


def _reach(explanation: Explanation, neurons: list[str]) -> Group:
    return Group(forward(explanation, neurons), error(explanation))


def _factors(explanation: Explanation, part: Parameter) -> Table:
    """Each factor on a line: its number in words."""
    table = plain_table("factor", "is")
    table.add_column("number", justify="right", no_wrap=True)
    table.add_column("in words")
    factors = {
        factor.name: (factor, colour(k))
        for path in chain_paths(explanation, part)
        for k, factor in enumerate(path)
    }
    for factor, style in factors.values():
        top, bottom = factor.name.removeprefix("∂").split("/∂")
        shown = (Text(cell, style) for cell in (factor.name, factor.formula, number(factor.value)))
        table.add_row(*shown, f"{top} changes {number(factor.value)} times as much as {bottom}")
    return table


def _alone(explanation: Explanation, part: Parameter) -> Group:
    """The error against this weight, all others as they are; its slope, measured."""
    before, behind, ahead = _errors_with(
        explanation, part, part.value + NUDGE * np.array([0.0, -1.0, 1.0])
    )
    values = _range(part, (ahead - 2 * before + behind) / NUDGE**2)
    errors = _errors_with(explanation, part, values)
    lowest = float(values[errors.argmin()])
    marks = [Mark(part.value, f"{part.name} = {number(part.value)}", "bold")]
    if values[0] <= part.new_value <= values[-1]:
        marks.append(Mark(part.new_value, f"new {part.name} = {number(part.new_value)}", "bold"))
    if values[0] < lowest < values[-1]:
        marks.append(Mark(lowest, f"least error, if {part.name} alone moved: {lowest:.3g}"))
    scales = Scale(values[0], values[-1]), Scale(float(errors.min()), float(errors.max()))
    curve = chart(values, errors, scales, CURVE, lambda value: "green", marks)
    grid = equations()
    moved = f"(E({part.name} + {NUDGE:g}) - E({part.name} - {NUDGE:g})) / {2 * NUDGE:g}"
    numbers = f"({number(ahead, 10)} - {number(behind, 10)}) / {2 * NUDGE:g}"
    equation(grid, "slope", moved, numbers, number((ahead - behind) / (2 * NUDGE)))
    equation(grid, f"∂E/∂{part.name}", "by the chain rule", number(part.gradient))
    return Group(Text.assemble(f"{'E':>{LABEL}}\n", curve, "\n"), grid)


def _range(part: Parameter, curvature: float) -> np.ndarray:
    """Values of a weight to show: as far as the valley's other side, if it has one nearby."""
    size = max(abs(part.value), 1.0)
    bottom = -part.gradient / curvature if curvature > 0 else np.inf
    if not size / 1000 < abs(bottom) < size * 100:
        bottom = np.copysign(size, -part.gradient)
    ends = part.value + bottom * np.array([-0.6, 2.2])
    return np.linspace(ends.min(), ends.max(), 2 * CURVE[0] + 1)


def _errors_with(explanation: Explanation, part: Parameter, values: np.ndarray) -> np.ndarray:
    """The error with other values of one weight, all at once."""
    networks = explanation.population()[np.zeros(len(values), int)]
    arrays, parts = networks.weights, explanation.weights
    if part.source == "1":
        arrays, parts = networks.biases, explanation.biases
    index = [other.name for other in parts if other.layer == part.layer].index(part.name)
    array = arrays[part.layer].reshape(len(values), -1, explanation.mlp.layers[part.layer + 1])
    unit, source = divmod(index, array.shape[1])
    array[:, source, unit] = values
    return np.asarray(gradients(networks, *explanation.sample(), device=explanation.device)[0])


def _update(explanation: Explanation, part: Parameter) -> Table:
    grid, rate = equations(), number(explanation.learning_rate)
    symbols = f"{part.name} - learning rate · ∂E/∂{part.name}"
    numbers = f"{number(part.value)} - {rate}·{signed(part.gradient)}"
    equation(grid, f"new {part.name}", symbols, numbers, number(part.new_value))
    return grid
