"""The same step as products of matrices, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import measure_renderables
from rich.table import Table
from rich.text import Text

from .explanation import Explanation
from .words import number

MOST_WIDTH = 64  # characters of a matrix; numbers lose digits to fit
DIGITS = (7, 5, 4, 3, 2, 1)
INDENT = "    "  # of a line that goes on
ERROR, WEIGHT, SLOPE, VALUE = "red", "green", "blue", "magenta"  # as factors of the chain rule


def matrices(explanation: Explanation) -> Group:
    """Forward pass, gradients and update of every layer as products of matrices."""
    n = len(explanation.layers)
    order = [(_forward, k) for k in range(n)]
    order += [(_backward, k) for k in reversed(range(n))]
    order += [(_update, k) for k in range(n)]
    return Group(*(line for write, k in order for line in write(explanation, k)))


def _forward(explanation: Explanation, k: int) -> Iterator[_Equation]:
    """Layer k's sums, and what its activation makes of them."""
    z, (weights, *biases) = _z(explanation, k), _arrays(explanation, k)
    symbols = [f"{_a(explanation, k)} · {weights.name}", *(b.name for b in biases)]
    inputs = _matrix(_inputs(explanation, k), VALUE)
    pieces: list[Text | str] = [" = ", inputs, " · ", _matrix(weights.value, WEIGHT)]
    for bias in biases:
        pieces += [" + ", _matrix(bias.value, WEIGHT)]
    sums = _matrix(np.array([explanation.pre_activations[k]]), VALUE)
    yield _Equation([f"{z} = {' + '.join(symbols)}", *pieces, " = ", sums])
    if k < len(explanation.layers) - 1:
        activation = explanation.mlp.activations[k]
        formula = z if activation == "identity" else f"{activation}({z})"
        outputs = _matrix(_inputs(explanation, k + 1), VALUE)
        yield _Equation([f"{_a(explanation, k + 1)} = {formula}", " = ", outputs])


def _backward(explanation: Explanation, k: int) -> Iterator[_Equation]:
    """Layer k's delta, the derivative of the error by its sums; from it, its gradients."""
    delta = _matrix(np.array([explanation.deltas[k]]), ERROR)
    symbols = f"δ{k + 1} = ∂E/∂{_z(explanation, k)}"
    product: list[Text | str] = []
    if k < len(explanation.layers) - 1:
        activation, z = explanation.mlp.activations[k], _z(explanation, k)
        symbols += f" = (δ{k + 2} · W{k + 2}ᵀ) ∘ {activation}'({z})"
        after = _matrix(np.array([explanation.deltas[k + 1]]), ERROR)
        weights = _matrix(_arrays(explanation, k + 1)[0].value.T, WEIGHT)
        slopes = np.array([[unit.slope.value for unit in explanation.layers[k] if unit.slope]])
        product = [" = (", after, " · ", weights, ")", " ∘ ", _matrix(slopes, SLOPE)]
    yield _Equation([symbols, *product, " = ", delta])
    weight, *biases = _arrays(explanation, k)
    symbols = f"∂E/∂{weight.name} = {_a(explanation, k)}ᵀ · δ{k + 1}"
    inputs = _matrix(_inputs(explanation, k).T, VALUE)
    gradient = _matrix(weight.gradient, "bold")
    yield _Equation([symbols, " = ", inputs, " · ", delta, " = ", gradient])
    for bias in biases:
        yield _Equation([f"∂E/∂{bias.name} = δ{k + 1}", " = ", _matrix(bias.gradient, "bold")])


def _update(explanation: Explanation, k: int) -> Iterator[_Equation]:
    rate = number(explanation.learning_rate)
    for array in _arrays(explanation, k):
        symbols = f"new {array.name} = {array.name} - {rate} · ∂E/∂{array.name}"
        old, new = _matrix(array.value, WEIGHT), _matrix(array.new_value, "bold")
        gradient = _matrix(array.gradient)
        yield _Equation([symbols, " = ", old, f" - {rate} · ", gradient, " = ", new])


# --- names and numbers ----------------------------------------------------------------------------


class _Array(NamedTuple):
    """A layer's weights or biases (one row) as a matrix, their gradient, and the new ones."""

    name: str
    value: np.ndarray
    gradient: np.ndarray
    new_value: np.ndarray


def _arrays(explanation: Explanation, k: int) -> list[_Array]:
    """Layer k's weights and, where there are any, biases."""
    arrays = []
    for letter, parameters in (("W", explanation.weights), ("B", explanation.biases)):
        parts = [part for part in parameters if part.layer == k]
        width = explanation.mlp.layers[k + 1]
        rows = [(part.value, part.gradient, part.new_value) for part in parts]
        if rows:
            arrays.append(_Array(f"{letter}{k + 1}", *np.array(rows).T.reshape(3, width, -1).mT))
    return arrays


def _z(explanation: Explanation, k: int) -> str:
    """Name of layer k's sums: ``z``, numbered where there are several hidden layers."""
    hidden = len(explanation.layers) - 1
    if k == hidden:
        return explanation.layers[-1][0].name.rstrip("1")
    return f"z{k + 1}" if hidden > 1 else "z"


def _a(explanation: Explanation, k: int) -> str:
    """Name of what goes into layer k: ``x``, or the hidden layer before it."""
    hidden = len(explanation.layers) - 1
    return "x" if k == 0 else f"h{k}" if hidden > 1 else "h"


def _inputs(explanation: Explanation, k: int) -> np.ndarray:
    """What goes into layer k, (1, d_in)."""
    return np.array([explanation.x if k == 0 else explanation.activations[k - 1]])


# --- the layout -----------------------------------------------------------------------------------


class _Equation:
    """Pieces of text, some of several lines, side by side as far as there is room.

    An operator, a piece that begins with a space, goes to the next line with what follows it.
    """

    def __init__(self, pieces: Sequence[Text | str]) -> None:
        self.terms: list[list[Text]] = []
        for piece in pieces:
            if (isinstance(piece, str) and piece.startswith(" ")) or not self.terms:
                self.terms.append([])
            self.terms[-1].append(Text(piece) if isinstance(piece, str) else piece)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows: list[list[Text]] = [[]]
        room = options.max_width
        for term in self.terms:
            width = sum(measure_renderables(console, options, [piece]).maximum for piece in term)
            if rows[-1] and width > room:
                rows.append([Text(INDENT)])
                room = options.max_width - len(INDENT)
            rows[-1] += term
            room -= width
        for row in rows:
            grid = Table.grid(padding=0)
            for _ in row:
                grid.add_column(no_wrap=True, vertical="middle")
            grid.add_row(*row)
            yield grid
        yield Text()


def _matrix(array: np.ndarray, style: str = "") -> Text:
    """A matrix in brackets; its numbers keep as many digits as there is room for."""
    for digits in DIGITS:
        cells = [[number(value, digits) for value in row] for row in array]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        if sum(widths) + len(widths) < MOST_WIDTH:
            break
    lines = [
        " ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    edges = (
        [("[", "]")]
        if len(lines) == 1
        else [("⎡", "⎤"), *[("⎢", "⎥")] * (len(lines) - 2), ("⎣", "⎦")]
    )
    return Text("\n", no_wrap=True).join(
        Text.assemble(left, (line, style), right)
        for (left, right), line in zip(edges, lines, strict=True)
    )
