"""Curves in the terminal: braille dots, two by four in a character, with axes and marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from rich.text import Text

ACROSS, DOWN = 2, 4  # dots in a character
BRAILLE = 0x2800
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # bits by column and row
LABEL = 7  # characters for the numbers beside the vertical axis


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high``, straight or logarithmic."""

    low: float
    high: float
    log: bool = False

    def fraction(self, values) -> np.ndarray:
        """Where values lie, from 0 to 1; values beyond an end lie on it, and NaN at 1."""
        inside = np.clip(np.nan_to_num(values, nan=self.high), self.low, self.high)
        low, high = self._transform(self.low), self._transform(self.high)
        return (self._transform(inside) - low) / (high - low or 1.0)

    def value(self, fraction: float) -> float:
        """The value at a fraction of the axis."""
        low, high = self._transform(self.low), self._transform(self.high)
        position = low + fraction * (high - low)
        return float(10.0**position if self.log else position)

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis: powers of ten, or multiples of 1, 2 or 5 times one."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**k for k in range(first, last + 1, 1 + (last - first) // most)]
        rough = (self.high - self.low or 1.0) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [k * step for k in range(first, last + 1)]

    def _transform(self, values) -> np.ndarray:
        return np.log10(values) if self.log else np.asarray(values, np.float64)


@dataclass(frozen=True)
class Mark:
    """A value of x with an arrow that points to it from below the chart."""

    x: float
    words: str
    style: str = ""


def chart(
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    scales: tuple[Scale, Scale],
    size: tuple[int, int],
    style: Callable[[float], str] = lambda x: "",
    marks: Sequence[Mark] = (),
) -> Text:
    """A curve through points; where many share a column of dots, the band that they fill.

    Parameters
    ----------
    x, y : (points,) numbers, ``x`` ascending; an infinite ``y`` lies on the upper edge
    scales : of x and of y
    size : characters across and down, for the curve alone
    style : of the character at an x, as rich names styles
    marks : what to point to below, each on a line of its own
    """
    across, down = scales
    width, height = size
    cells = _cells(*_band(across.fraction(x), down.fraction(y), width * ACROSS), height)
    labels = {_row(down, tick, height): _short(tick) for tick in down.ticks(max(height // 3, 1))}
    styles = [style(across.value((column + 0.5) / width)) for column in range(width)]
    text = Text(no_wrap=True)
    for row in range(height):
        text.append(f"{labels.get(row, ''):>{LABEL}} {'┤' if row in labels else '│'}")
        text.append(styled(zip(map(_character, cells[row]), styles, strict=True))).append("\n")
    _append_axis(text, across, width)
    for mark in marks:
        _append_mark(text, mark, across, width)
    return text


def styled(characters: Iterable[tuple[str, str]]) -> Text:
    """Text from styled characters, (character, style); neighbours of one style share a span."""
    text = Text()
    for style, run in groupby(characters, key=itemgetter(1)):
        text.append("".join(character for character, _ in run), style)
    return text


def _character(dots: int) -> str:
    return chr(BRAILLE + dots) if dots else " "


def _band(x: np.ndarray, y: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest y in each column of dots; between points, straight lines."""
    between = (np.arange(columns) + 0.5) / columns
    fractions = np.concatenate([x, between])
    heights = np.concatenate([y, np.interp(between, x, y)])
    column = np.minimum((fractions * columns).astype(int), columns - 1)
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    np.minimum.at(low, column, heights)
    np.maximum.at(high, column, heights)
    return low, high


def _cells(low: np.ndarray, high: np.ndarray, height: int) -> np.ndarray:
    """The braille patterns, (height, columns / 2), of bands between 0 and 1."""
    rows = height * DOWN
    top, bottom = (np.round((1 - edge) * (rows - 1)).astype(int) for edge in (high, low))
    # what is drawn in a column reaches to where the one before it ends
    top[1:], bottom[1:] = (
        np.minimum(top[1:], bottom[:-1] + 1),
        np.maximum(bottom[1:], top[:-1] - 1),
    )
    cells = np.zeros((height, len(low) // ACROSS), int)
    for column, (first, last) in enumerate(zip(top, bottom, strict=True)):
        for row in range(first, last + 1):
            cells[row // DOWN, column // ACROSS] |= DOTS[column % ACROSS][row % DOWN]
    return cells


def _row(scale: Scale, value: float, height: int) -> int:
    return round((1 - float(scale.fraction(value))) * (height * DOWN - 1)) // DOWN


def _column(scale: Scale, value: float, width: int) -> int:
    return min(int(float(scale.fraction(value)) * width), width - 1)


def _append_axis(text: Text, scale: Scale, width: int) -> None:
    line, labels = ["─"] * width, [" "] * (width + LABEL)
    for tick in scale.ticks(max(width // 10, 1)):
        column, label = _column(scale, tick, width), _short(tick)
        line[column] = "┬"
        start = max(column - len(label) // 2, 0)
        labels[start : start + len(label)] = label
    text.append(f"{'':{LABEL}} └{''.join(line)}\n{'':{LABEL}}  {''.join(labels).rstrip()}")


def _append_mark(text: Text, mark: Mark, scale: Scale, width: int) -> None:
    column = _column(scale, mark.x, width)
    text.append("\n" + " " * (LABEL + 2))
    if column + 2 + len(mark.words) <= width:
        text.append(" " * column).append("▲ " + mark.words, mark.style)
    else:
        text.append(f"{mark.words} ▲".rjust(column + 1), mark.style)


def _short(value: float) -> str:
    """A tick's number: ``0.01``, ``1e-6``."""
    return f"{value + 0.0:.4g}".replace("e-0", "e-").replace("e+0", "e")
