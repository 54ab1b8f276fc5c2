"""Networks drawn in characters: each layer's wires, with the weights on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.columns import Columns
from rich.text import Text

from .chart import styled
from .explanation import Explanation
from .words import arriving, colour, equals, number

Canvas = dict[tuple[int, int], tuple[str, str]]  # (row, column): character and style


def draw(explanation: Explanation, lit: Collection[str] | None = None) -> Columns:
    """The whole network, with its layers side by side where there is room.

    Parameters
    ----------
    lit : names of weights and biases to show in colour, the others dimmed; all if None
    """
    layers = range(len(explanation.layers))
    return Columns([_layer(explanation, layer, lit) for layer in layers], padding=(0, 3))


def _layer(explanation: Explanation, layer: int, lit: Collection[str] | None) -> Text:
    """Wires from every source to every neuron of a layer, each with its weight on it."""
    labels = [unit.name for unit in explanation.layers[layer - 1]]
    if layer == 0:
        values = zip(explanation.input_names, explanation.x, strict=True)
        labels = [f"{name} = {number(value)}" for name, value in values]
    units = [unit.name for unit in explanation.layers[layer]]
    bundles = [arriving(explanation, layer, unit) for unit in units]
    rows = len(bundles[0])
    pitch = rows + (rows > 2)  # a blank line between neurons with many wires
    start = max(map(len, labels)) + 1
    weight_column = start + 2 * rows + 1
    styles = [
        colour(s) if lit is None or any(parts[s].name in lit for parts in bundles) else "dim"
        for s in range(len(labels))
    ]
    tops = [k * pitch for k in range(len(units))]
    canvas = _wires(labels, styles, tops, start, weight_column)
    width = max(len(equals(part)) for parts in bundles for part in parts) + 3
    for top, unit, parts in zip(tops, units, bundles, strict=True):
        for i, part in enumerate(parts):
            style = "" if part.source == "1" else colour(i)
            style = style if lit is None or part.name in lit else "dim"
            if part.source == "1":
                _write(canvas, top + i, weight_column - 2, "1─", style)
            _write(canvas, top + i, weight_column, f" {equals(part)} ".ljust(width, "─"), style)
            _write(canvas, top + i, weight_column + width, _join(i, rows), "")
        _write(canvas, top + (rows - 1) // 2, weight_column + width + 1, f"▶ {unit}", "bold")
    return _text(canvas).append("\n")


def _wires(
    labels: Sequence[str],
    styles: Sequence[str],
    tops: Sequence[int],
    start: int,
    weight_column: int,
) -> Canvas:
    """Sources and their wires up to the column where the weights begin.

    Every source has a lane, a column in which its wire runs up and down. The source stands in
    the row of one of its own wires, so that no two wires ever share a stretch.
    """
    canvas: Canvas = {}
    lanes: Canvas = {}
    for s, (label, style) in enumerate(zip(labels, styles, strict=True)):
        ends = [top + s for top in tops]
        home = ends[s * (len(tops) - 1) // max(len(labels) - 1, 1)]
        lane = start + 2 * s + 1
        _write(canvas, home, 0, label, f"bold {style}")
        _write(canvas, home, len(label) + 1, "─" * (lane - len(label) - 1), style)
        for end in ends:
            _write(canvas, end, lane, "─" * (weight_column - lane), style)
        for row in range(ends[0], ends[-1] + 1):
            lanes[row, lane] = _bend(row, ends, home), style
    return canvas | lanes


def _bend(row: int, ends: Sequence[int], home: int) -> str:
    """A lane's character: the wire enters in row ``home`` and leaves to the right at ``ends``."""
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
        width = max((column for r, column in canvas if r == row), default=-1) + 1
        cells = [canvas.get((row, column), (" ", "")) for column in range(width)]
        text.append("\n" if row else "").append(styled(cells))
    return text
