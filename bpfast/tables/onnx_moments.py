"""Dates and times in an ONNX graph, which has no such type: arithmetic of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..training.onnx_graph import DOUBLE, Graph
from .encoding.moment import CYCLES, DAY, SECOND, Moment

INTEGER = np.dtype(np.int64)
HOUR = 3600 * SECOND


def add_moment(graph: Graph, column: Moment, seconds: str) -> str:
    """The inputs that seconds since 1970, NaN where they are missing, are encoded as."""
    missing = graph.add("IsNaN", seconds)
    rounded = graph.add("Round", graph.add("Mul", seconds, np.array(SECOND, DOUBLE)))
    known = graph.add("Where", missing, np.array(column.median, DOUBLE), rounded)
    moments = _Integers(graph, graph.cast(known, INTEGER))
    if column.is_time_of_day:
        moments %= DAY
    inputs: list[str] = []
    for part, value in _parts(moments, column).items():
        if part in CYCLES:
            angle = graph.add("Mul", value, np.array(2.0 * np.pi / CYCLES[part]))
            inputs += [graph.add("Sin", angle), graph.add("Cos", angle)]
        else:
            inputs.append(value)
    if column.missing:
        inputs.append(graph.cast(missing, DOUBLE))
    return graph.add("Concat", *inputs, axis=1)


def _parts(moments: _Integers, column: Moment) -> dict[str, str]:
    """The parts of microseconds since 1970 that a column has, as float64."""
    days = moments // DAY
    year, month, day = _civil(days)
    parts = {
        "year": lambda: year.double(),
        "month": lambda: month.double(),
        "day": lambda: day.double(),
        "weekday": lambda: ((days + 3) % 7).double(),  # 1970 began on a Thursday
        "hour": lambda: (moments % DAY).double(1.0 / HOUR),
        "elapsed days": lambda: (moments - column.first).double(1.0 / DAY),
    }
    return {part: parts[part]() for part in column.parts}


def _civil(days: _Integers) -> tuple[_Integers, _Integers, _Integers]:
    """The year, and month and day from 0, of days since 1970.

    As in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years begin in March, so
    that the day which not all have is their last; 400 years have 146,097 days.
    """
    since_0000 = days + 719_468
    era, day_of_era = since_0000 // 146_097, since_0000 % 146_097
    leaps = day_of_era // 36_524 - day_of_era // 1_460 - day_of_era // 146_096
    year = (day_of_era + leaps) // 365
    day_of_year = day_of_era - (year * 365 + year // 4 - year // 100)
    from_march = (day_of_year * 5 + 2) // 153
    day = day_of_year - (from_march * 153 + 2) // 5
    return era * 400 + year + from_march // 10, (from_march + 2) % 12, day


class _Integers:
    """Integers of a graph; the operators are Python's, with floors for negative ones too."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._graph, self._name = graph, name

    def _add(self, operator: str, other: _Integers | int) -> _Integers:
        value = other._name if isinstance(other, _Integers) else np.array(other, INTEGER)
        return _Integers(self._graph, self._graph.add(operator, self._name, value))

    def __add__(self, other: _Integers | int) -> _Integers:
        return self._add("Add", other)

    def __sub__(self, other: _Integers | int) -> _Integers:
        return self._add("Sub", other)

    def __mul__(self, other: int) -> _Integers:
        return self._add("Mul", other)

    def __mod__(self, divisor: int) -> _Integers:
        return self._add("Mod", divisor)

    def __floordiv__(self, divisor: int) -> _Integers:
        return (self - self % divisor)._add("Div", divisor)  # ONNX's Div cuts towards 0

    def double(self, factor: float = 1.0) -> str:
        """The integers as float64, times a factor."""
        value: Any = self._graph.cast(self._name, DOUBLE)
        return value if factor == 1.0 else self._graph.add("Mul", value, np.array(factor))
