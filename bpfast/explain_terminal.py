"""``bpfast explain``: backpropagation told in the terminal, step by step."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .errors import missing_extra

try:
    from rich import box
    from rich.columns import Columns
    from rich.console import Console, Group, RenderableType
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.table import Table
    from rich.text import Text
except ImportError:
    raise missing_extra("rich", "cli") from None

from .explain import Explanation, explain
from .explain_chain import Factor, Parameter, Unit, error_formulas
from .explain_network import TUTORIAL, read_network
from .explain_repeat import Step, repeat
from .kernels.math import LOSSES

CLOSE = 1e-6  # the error that counts as close to zero
STEPS = (*range(21), 50, 100, 200, 500, 1000)  # the rows of the last table
MOST_PATHS = 4  # paths from the error to a weight that are written out one by one
MOST_COLUMNS = 4  # predictions that get a column each
COLOURS = ("red", "green", "blue", "magenta", "cyan", "yellow")  # of factors and of wires

Canvas = dict[tuple[int, int], tuple[str, str]]  # (row, column): character and style


def run(network: Path | None = None, console: Console | None = None) -> None:
    """Print one step of backpropagation: of the tutorial's network, or of one in a JSON file.

    Raises
    ------
    ValueError
        The file or the network in it cannot be used: what was given, what was expected.
    """
    arguments = TUTORIAL if network is None else read_network(network)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a pipe's own code page may have no ∂
    console = console or Console(highlight=False)
    with console.status("The first run compiles the kernels, which takes a while ..."):
        story = render(explain(**arguments))
    console.print(story)


def render(explanation: Explanation) -> Group:
    """The whole story of one step, and what repeating it leads to."""
    sections: list[tuple[str, Callable[[Explanation], RenderableType]]] = [
        ("Forward pass: put the numbers in, neuron by neuron", _forward),
        ("The error: how far is the prediction from the target?", _error),
        ("Gradient descent: which way is down?", _descent),
        ("The chain rule: how much does each weight change the error?", _chains),
        ("The update: every weight takes a small step downhill", _update),
        ("Forward pass again, with the new weights", _again),
        ("Repeat, until the error is close to zero", _repeat),
    ]
    if _count_paths(explanation.layers) > MOST_PATHS:
        sections.insert(3, ("The error flows back, neuron by neuron", _flows_back))
    parts: list[RenderableType] = [Text("Backpropagation, step by step\n", style="bold")]
    parts.append(_network(explanation))
    for k, (title, section) in enumerate(sections, start=1):
        heading = Text(f"{k}. {title}", style="bold")
        parts += [Text(), Rule(heading, align="left", style="dim"), Text()]
        parts.append(Padding(section(explanation), (0, 0, 0, 2)))
    return Group(*parts)


# --- the sections ---------------------------------------------------------------------------------


def _network(explanation: Explanation) -> RenderableType:
    mlp = explanation.mlp
    hidden = [
        f"{width} hidden ({activation})"
        for width, activation in zip(mlp.layers[1:-1], mlp.activations, strict=True)
    ]
    widths = [_count(mlp.inputs, "input"), *hidden, _count(mlp.outputs, "output")]
    described = (
        f"{', '.join(widths)}; {'with' if mlp.bias else 'no'} biases; error: "
        f"{mlp.loss.replace('_', ' ')}; learning rate {number(explanation.learning_rate)}"
    )
    targets = zip(explanation.target_names, explanation.y, strict=True)
    sample = ", ".join(f"{name} = {number(value)}" for name, value in targets)
    drawings = [draw_layer(explanation, layer) for layer in range(len(explanation.layers))]
    return Group(Text(described), Text(), Columns(drawings, padding=(0, 3)), Text(sample))


def _forward(explanation: Explanation) -> RenderableType:
    grid = _equations()
    sources = dict(zip(explanation.input_names, explanation.x, strict=True)) | {"1": 1.0}
    for layer, units in enumerate(explanation.layers):
        for unit in units:
            _forward_unit(grid, explanation, layer, unit, sources)
        sources = {unit.name: unit.activation for unit in units} | {"1": 1.0}
    link = LOSSES[explanation.mlp.loss].link
    predictions = zip(explanation.prediction_names, explanation.prediction, strict=True)
    for unit, (name, value) in zip(explanation.layers[-1], predictions, strict=True):
        if link == "sigmoid":
            _equation(grid, name, f"sigmoid({unit.name})", number(value, 10))
        elif link == "softmax":
            _equation(grid, name, f"exp({unit.name}) / Σ exp(logit)", number(value, 10))
    return grid


def _forward_unit(grid: Table, explanation: Explanation, layer: int, unit: Unit, sources) -> None:
    arriving = _arriving(explanation, layer, unit.name)
    symbols = [_times(part.source, part.name) for part in arriving]
    numbers = [_times(_signed(sources[part.source]), _signed(part.value)) for part in arriving]
    total = number(unit.pre_activation, 7 if unit.slope else 10)
    _equation(grid, unit.pre_activation_name, " + ".join(symbols), " + ".join(numbers), total)
    if unit.slope is None:
        return
    activation = explanation.mlp.activations[layer]
    steps = [f"{activation}({unit.pre_activation_name})", f"{activation}({total})"]
    if activation == "identity":
        steps = [unit.pre_activation_name]
    _equation(grid, unit.name, *steps, number(unit.activation))


def _error(explanation: Explanation) -> RenderableType:
    mlp, grid = explanation.mlp, _equations()
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
        numbers = error_formulas(mlp, _signed(p), _signed(t))[0]
        _equation(grid, name, symbols, numbers, number(term, 10))
    if mlp.outputs > 1:
        total = " + ".join(names)
        if LOSSES[mlp.loss].average:
            total = f"({total}) / {mlp.outputs}"
        _equation(grid, "E", total, number(explanation.error, 10))
    return grid


def _descent(explanation: Explanation) -> RenderableType:
    return Text.assemble(
        "∂E/∂w says how much the error E grows when the weight w grows a little. "
        "To make the error smaller, every weight moves the other way:\n\n",
        ("  new w = w - learning rate · ∂E/∂w\n\n", "bold"),
        f"The learning rate, here {number(explanation.learning_rate)}, says how far.",
    )


def _flows_back(explanation: Explanation) -> RenderableType:
    """∂E/∂z of every neuron, from the outputs back."""
    grid = _equations()
    after: Sequence[Unit] = ()
    for units in reversed(explanation.layers):
        for unit in units:
            gradient, value = unit.gradient, number(unit.gradient.value)
            if unit.slope is None:
                _equation(grid, gradient.name, gradient.formula, value)
                continue
            terms = [
                _times(_signed(following.delta), _signed(link.value))
                for following, link in zip(after, unit.links, strict=True)
            ]
            _equation(grid, gradient.name, gradient.formula, " + ".join(terms), value)
            symbols = _times(gradient.name, unit.slope.name)
            numbers = _times(value, _signed(unit.slope.value))
            delta = f"∂E/∂{unit.pre_activation_name}"
            _equation(grid, delta, symbols, numbers, number(unit.delta))
        after = units
    return grid


def _chains(explanation: Explanation) -> RenderableType:
    parts: list[RenderableType] = []
    for parameter in (*explanation.weights, *explanation.biases):
        gap = "\n" if parts else ""
        parts.append(Text.assemble(gap, (parameter.name, "bold"), f"  ({_way(parameter)})"))
        parts.append(Padding(_chain(explanation, parameter), (0, 0, 0, 2)))
    return Group(*parts)


def _chain(explanation: Explanation, parameter: Parameter) -> Table:
    """∂E/∂w in symbols, as what they stand for, in numbers."""
    paths: Sequence[tuple[Factor, ...]] = [parameter.factors]
    if _count_paths(explanation.layers[parameter.layer :]) <= MOST_PATHS:
        paths = explanation.paths(parameter.name)
    grid = _equations()
    for name, words in ((f"∂E/∂{parameter.name}", _name), ("", _formula), ("", _value)):
        products = [_coloured(map(words, path)) for path in paths]
        grid.add_row(name, "=", Text("\n+ ").join(products))
    _equation(grid, "", number(parameter.gradient))
    return grid


def _update(explanation: Explanation) -> RenderableType:
    rate, first = number(explanation.learning_rate), explanation.weights[0]
    numbers = f"{number(first.value)} - {rate}·{_signed(first.gradient)}"
    rule = Text.assemble(
        ("new w = w - learning rate · ∂E/∂w", "bold"),
        f"\nfor {first.name}: {numbers} = {number(first.new_value)}\n",
    )
    table = _table("weight", "from → to")
    for name in ("old", "∂E/∂w", "new"):
        table.add_column(name, justify="right", no_wrap=True)
    for part in (*explanation.weights, *explanation.biases):
        new = Text(number(part.new_value), style="bold")
        table.add_row(part.name, _way(part), number(part.value), number(part.gradient), new)
    return Group(rule, table)


def _again(explanation: Explanation) -> RenderableType:
    weights, biases = explanation.matrices(new=True)
    x, y, device = explanation.x, explanation.y, explanation.device
    after = explain(explanation.mlp, weights, x, y, 0.0, biases, device)
    before, now = number(explanation.error, 10), number(explanation.next_error, 10)
    summary = Text(f"\nThe error was {before} and is now {now}.")
    return Group(_forward(after), _error(after), summary)


def _repeat(explanation: Explanation) -> RenderableType:
    steps = repeat(explanation, STEPS, CLOSE)
    names: Sequence[str] = explanation.prediction_names
    joined = len(names) > MOST_COLUMNS
    table = _table()
    table.add_column("step", justify="right")
    for name in [f"{names[0]}, {names[1]}, ..."] if joined else names:
        table.add_column(name, justify="left" if joined else "right")
    table.add_column("error", justify="right", no_wrap=True)
    for step in steps:
        predictions = [_column(value) for value in step.prediction]
        if joined:
            predictions = ["  ".join(predictions)]
        table.add_row(str(step.step), *predictions, f"{step.error:#.4g}")
    return Group(table, Text("\n" + _verdict(steps)))


def _verdict(steps: Sequence[Step]) -> str:
    first, last = steps[0], steps[-1]
    if last.error <= CLOSE:
        return f"After {last.step} steps the error is close to zero."
    if last.error > first.error:
        return "The error grows: the learning rate is too large. Try a smaller one."
    return f"After {last.step} steps the error is {last.error:.4g}, not yet close to zero."


# --- the drawing ----------------------------------------------------------------------------------


def draw_layer(explanation: Explanation, layer: int) -> Text:
    """Wires from every source to every neuron of a layer, each with its weight on it."""
    labels = [unit.name for unit in explanation.layers[layer - 1]]
    if layer == 0:
        values = zip(explanation.input_names, explanation.x, strict=True)
        labels = [f"{name} = {number(value)}" for name, value in values]
    units = [unit.name for unit in explanation.layers[layer]]
    arriving = [_arriving(explanation, layer, unit) for unit in units]
    rows = len(arriving[0])
    pitch = rows + (rows > 2)  # a blank line between neurons with many wires
    start = max(map(len, labels)) + 1
    weights_at = start + 2 * rows + 1
    canvas = _wires(labels, [k * pitch for k in range(len(units))], start, weights_at)
    width = max(len(_equals(part)) for parts in arriving for part in parts) + 3
    for k, (unit, parts) in enumerate(zip(units, arriving, strict=True)):
        for i, part in enumerate(parts):
            style = _colour(i)
            if part.source == "1":
                style = ""
                _write(canvas, k * pitch + i, weights_at - 2, "1─", style)
            _write(canvas, k * pitch + i, weights_at, f" {_equals(part)} ".ljust(width, "─"), style)
            _write(canvas, k * pitch + i, weights_at + width, _join(i, rows), "")
        _write(canvas, k * pitch + (rows - 1) // 2, weights_at + width + 1, f"▶ {unit}", "bold")
    return _text(canvas).append("\n")


def _wires(labels: Sequence[str], tops: Sequence[int], start: int, weights_at: int) -> Canvas:
    """Sources and their wires up to the column where the weights begin.

    Every source has a lane, a column in which its wire runs up and down. The source stands in
    the row of one of its own wires, so that no two wires ever share a stretch.
    """
    canvas: Canvas = {}
    lanes: Canvas = {}
    for s, label in enumerate(labels):
        ends = [top + s for top in tops]
        home = ends[s * (len(tops) - 1) // max(len(labels) - 1, 1)]
        lane = start + 2 * s + 1
        _write(canvas, home, 0, label, f"bold {_colour(s)}")
        _write(canvas, home, len(label) + 1, "─" * (lane - len(label) - 1), _colour(s))
        for end in ends:
            _write(canvas, end, lane, "─" * (weights_at - lane), _colour(s))
        for row in range(ends[0], ends[-1] + 1):
            lanes[row, lane] = _bend(row, ends, home), _colour(s)
    return canvas | lanes


def _bend(row: int, ends: Sequence[int], home: int) -> str:
    """A lane's character: its wire comes from the left at home, and leaves to the right at ends."""
    if row not in ends:
        return "│"
    up, down = row > ends[0], row < ends[-1]
    if row == home:
        return "─┬┴┼"[down + 2 * up]
    return "─┌└├"[down + 2 * up]


def _join(i: int, rows: int) -> str:
    """Where wire i of a neuron's rows meets the others, on the way to the neuron in the middle."""
    leaves = i == (rows - 1) // 2
    up, down = i > 0, i < rows - 1
    return ("─┬┴┼" if leaves else "─┐┘┤")[down + 2 * up]


def _write(canvas: Canvas, row: int, column: int, characters: str, style: str) -> None:
    for k, character in enumerate(characters):
        canvas[row, column + k] = character, style


def _text(canvas: Canvas) -> Text:
    text = Text(no_wrap=True)
    for row in range(max(row for row, _ in canvas) + 1):
        text.append("\n" if row else "")
        for column in range(max((c for r, c in canvas if r == row), default=-1) + 1):
            text.append(*canvas.get((row, column), (" ", "")))
    return text


# --- words and numbers ----------------------------------------------------------------------------


def number(value: float, digits: int = 7) -> str:
    """A number with at most so many significant digits."""
    return f"{value + 0.0:.{digits}g}"  # + 0.0 turns -0.0 into 0.0


def _signed(value: float) -> str:
    """A number that may follow an operator."""
    return f"({number(value)})" if value < 0 else number(value)


def _column(value: float) -> str:
    """A number for a column: with the same decimals as the others, unless it is huge or tiny."""
    return f"{value:.5f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.4e}"


def _times(left: str, right: str) -> str:
    """A product; a bias stands alone."""
    return right if left == "1" else f"{left}·{right}"


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def _equals(part: Parameter) -> str:
    return f"{part.name} = {number(part.value)}"


def _way(part: Parameter) -> str:
    return f"{'bias' if part.source == '1' else part.source} → {part.target}"


def _name(factor: Factor) -> str:
    return factor.name


def _formula(factor: Factor) -> str:
    """What a factor is; one that is a sum over paths keeps its name."""
    if "∂" in factor.formula:
        return factor.name
    return f"({factor.formula})" if " " in factor.formula else factor.formula


def _value(factor: Factor) -> str:
    return _signed(factor.value)


def _colour(k: int) -> str:
    return COLOURS[k % len(COLOURS)]


def _coloured(factors: Iterable[str]) -> Text:
    """A product whose factors are told apart by colour."""
    return Text(" · ").join(Text(factor, _colour(k)) for k, factor in enumerate(factors))


def _arriving(explanation: Explanation, layer: int, unit: str) -> list[Parameter]:
    """The weights that lead to a neuron, and its bias."""
    parameters = (*explanation.weights, *explanation.biases)
    return [part for part in parameters if part.layer == layer and part.target == unit]


def _count_paths(layers: Sequence[Sequence[Unit]]) -> int:
    """How many paths lead from the error to a neuron in the first of these layers."""
    return math.prod(map(len, layers[1:]))


def _table(*names: str) -> Table:
    table = Table(*names, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    return table


def _equations() -> Table:
    """A grid of equations: name, equals sign, what it equals."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(overflow="fold")
    return grid


def _equation(grid: Table, name: str, *steps: str) -> None:
    """One equation: the name, each step towards its number, the number."""
    *before, result = steps
    grid.add_row(name, "=", Text.assemble(*(f"{step} = " for step in before), (result, "bold")))
