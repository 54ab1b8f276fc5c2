"""One step of backpropagation in the terminal, and the steps that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from .chart import LABEL, Scale, chart
from .drawing import draw
from .equations import MOST_PATHS, chain, error, flow_back, forward
from .explanation import Explanation
from .matrices import matrices
from .one_step import explain
from .steps import CLOSE, Step
from .words import (
    Section,
    connection,
    count,
    count_paths,
    in_column,
    number,
    plain_table,
    signed,
    tell,
)

MOST_COLUMNS = 4  # predictions that get a column each
CURVE = (32, 14)  # characters across and down
EXPLODES = 100  # an error so many times the first is shown on a logarithmic scale


def render(explanation: Explanation, steps: Sequence[Step]) -> Group:
    """All sections about one step, and what repeating it leads to."""
    sections: list[Section] = [
        ("Forward pass: put the numbers in, neuron by neuron", forward(explanation)),
        ("The error: how far is the prediction from the target?", error(explanation)),
        ("Gradient descent: which way is down?", _descent(explanation)),
        ("The chain rule: how much does each weight change the error?", _chains(explanation)),
        ("The same as matrices", matrices(explanation)),
        ("The update: every weight takes a small step downhill", _update(explanation)),
        ("Forward pass again, with the new weights", _again(explanation)),
        ("Repeat, until the error is close to zero", _repeat(explanation, steps)),
    ]
    if count_paths(explanation.layers) > MOST_PATHS:
        sections.insert(3, ("The error flows back, neuron by neuron", flow_back(explanation)))
    return tell("Backpropagation, step by step", opening(explanation), sections)


def opening(explanation: Explanation, lit: Sequence[str] | None = None) -> Group:
    """The network in words, drawn, and its target; ``lit`` as for :func:`draw`."""
    mlp = explanation.mlp
    hidden = [
        f"{width} hidden ({activation})"
        for width, activation in zip(mlp.layers[1:-1], mlp.activations, strict=True)
    ]
    widths = [count(mlp.inputs, "input"), *hidden, count(mlp.outputs, "output")]
    described = (
        f"{', '.join(widths)}; {'with' if mlp.bias else 'no'} biases; error: "
        f"{mlp.loss.replace('_', ' ')}; learning rate {number(explanation.learning_rate)}"
    )
    if explanation.step > 1:
        described += f"; step {explanation.step}"
    targets = zip(explanation.target_names, explanation.y, strict=True)
    sample = ", ".join(f"{name} = {number(value)}" for name, value in targets)
    return Group(Text(described), Text(), draw(explanation, lit), Text(sample))


def _descent(explanation: Explanation) -> Text:
    return Text.assemble(
        "∂E/∂w says how much the error E grows when the weight w grows a little. "
        "To make the error smaller, every weight moves the other way:\n\n",
        ("  new w = w - learning rate · ∂E/∂w\n\n", "bold"),
        f"The learning rate, here {number(explanation.learning_rate)}, says how far.",
    )


def _chains(explanation: Explanation) -> Group:
    parts: list[RenderableType] = []
    for parameter in (*explanation.weights, *explanation.biases):
        gap = "\n" if parts else ""
        parts.append(Text.assemble(gap, (parameter.name, "bold"), f"  ({connection(parameter)})"))
        parts.append(Padding(chain(explanation, parameter), (0, 0, 0, 2)))
    return Group(*parts)


def _update(explanation: Explanation) -> Group:
    rate, first = number(explanation.learning_rate), explanation.weights[0]
    numbers = f"{number(first.value)} - {rate}·{signed(first.gradient)}"
    rule = Text.assemble(
        ("new w = w - learning rate · ∂E/∂w", "bold"),
        f"\nfor {first.name}: {numbers} = {number(first.new_value)}\n",
    )
    table = plain_table("weight", "from → to")
    for name in ("old", "∂E/∂w", "new"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in (*explanation.weights, *explanation.biases):
        new = Text(number(part.new_value), style="bold")
        table.add_row(part.name, connection(part), number(part.value), number(part.gradient), new)
    return Group(rule, table)


def _again(explanation: Explanation) -> Group:
    weights, biases = explanation.matrices(new=True)
    x, y, device = explanation.x, explanation.y, explanation.device
    after = explain(explanation.mlp, weights, x, y, 0.0, biases, device)
    before, now = number(explanation.error, 10), number(explanation.next_error, 10)
    summary = Text(f"\nThe error was {before} and is now {now}.")
    return Group(forward(after), error(after), summary)


def _repeat(explanation: Explanation, steps: Sequence[Step]) -> Group:
    names: Sequence[str] = explanation.prediction_names
    joined = len(names) > MOST_COLUMNS
    table = plain_table()
    table.add_column("step", justify="right")
    for name in [f"{names[0]}, {names[1]}, ..."] if joined else names:
        table.add_column(name, justify="left" if joined else "right")
    table.add_column("error", justify="right", no_wrap=True)
    for step in steps:
        predictions = [in_column(value) for value in step.prediction]
        if joined:
            predictions = ["  ".join(predictions)]
        table.add_row(str(step.step), *predictions, f"{step.error:#.4g}")
    sides = Columns([table, _curve(steps)], padding=(0, 3))
    return Group(sides, Text("\n" + _verdict(steps)))


def _curve(steps: Sequence[Step]) -> Text:
    """The error against the number of steps; where it explodes, on a logarithmic scale."""
    numbers, errors = [step.step for step in steps], [step.error for step in steps]
    finite = [error for error in errors if 0 < error < math.inf] or [1.0]
    log = max(finite) > EXPLODES * errors[0]
    across = Scale(numbers[0], max(numbers[-1], numbers[0] + 1))
    down = Scale(min(finite) if log else 0.0, max(finite), log)
    curve = chart(numbers, errors, (across, down), CURVE, lambda step: "green")
    return Text.assemble(f"{'error':>{LABEL}}\n", curve)


def _verdict(steps: Sequence[Step]) -> str:
    first, last = steps[0], steps[-1]
    if last.error <= CLOSE:
        return f"After {last.step} steps the error is close to zero."
    if last.error > first.error:
        return "The error grows: the learning rate is too large. Try a smaller one."
    return f"After {last.step} steps the error is {last.error:.4g}, not yet close to zero."
