"""Words, numbers, tables and headings of explanations in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from .chain import Parameter, Unit
from .explanation import Explanation

COLOURS = ("red", "green", "blue", "magenta", "cyan", "yellow")  # of factors and of wires


Section = tuple[str, RenderableType]  # title and content


def tell(title: str, opening: RenderableType, sections: Sequence[Section]) -> Group:
    """A title, an opening, and numbered sections."""
    parts: list[RenderableType] = [Text(f"{title}\n", style="bold"), opening]
    for k, (words, section) in enumerate(sections, start=1):
        heading = Text(f"{k}. {words}", style="bold")
        parts += [Text(), Rule(heading, align="left", style="dim"), Text()]
        parts.append(Padding(section, (0, 0, 0, 2)))
    return Group(*parts)


def number(value: float, digits: int = 7) -> str:
    """A number with at most ``digits`` significant digits."""
    return f"{value + 0.0:.{digits}g}"  # + 0.0 turns -0.0 into 0.0


def signed(value: float) -> str:
    """A number that may follow an operator."""
    return f"({number(value)})" if value < 0 else number(value)


def in_column(value: float) -> str:
    """A number for a column: with five decimals, unless it is huge or tiny."""
    return f"{value:.5f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.4e}"


def times(left: str, right: str) -> str:
    """A product; a bias stands alone."""
    return right if left == "1" else f"{left}·{right}"


def count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def equals(part: Parameter) -> str:
    return f"{part.name} = {number(part.value)}"


def connection(part: Parameter) -> str:
    return f"{'bias' if part.source == '1' else part.source} → {part.target}"


def colour(k: int) -> str:
    return COLOURS[k % len(COLOURS)]


def arriving(explanation: Explanation, layer: int, unit: str) -> list[Parameter]:
    """The weights that lead to a neuron, and its bias."""
    parameters = (*explanation.weights, *explanation.biases)
    return [part for part in parameters if part.layer == layer and part.target == unit]


def count_paths(layers: Sequence[Sequence[Unit]]) -> int:
    """How many paths lead from the error to a neuron in the first of these layers."""
    return math.prod(map(len, layers[1:]))


def plain_table(*names: str) -> Table:
    """A table with a rule below its head, and columns that do not wrap."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    return table
