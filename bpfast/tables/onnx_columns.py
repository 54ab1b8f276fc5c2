"""A table's columns in an ONNX graph: raw values in, the inputs of a network out.

Each kind of column has a function that adds its nodes to a graph. One-hot encodings and means of
the target are alike: each word selects a row of a table of inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..training.onnx_graph import DOUBLE, INPUT, ML, Graph
from .encoding.coded import Coded
from .encoding.column import Column
from .encoding.encoding import Encoding
from .encoding.moment import Moment
from .encoding.number import Number
from .encoding.raw import other_spellings
from .input_info import is_array
from .onnx_moments import add_moment


def add_encodings(graph: Graph, encodings: Sequence[Encoding]) -> list[str]:
    """Declare the inputs of raw columns and encode them.

    Returns
    -------
    list of the (samples, inputs) float64 of each encoding

    Raises
    ------
    ValueError
        A column is words in one encoding, and numbers in another.
    """
    if all(map(is_array, encodings)):
        raw = graph.input(INPUT, DOUBLE, len(encodings[0].columns))
        return [_add_array(graph, encoding, raw) for encoding in encodings]
    inputs = _add_inputs(graph, [column for encoding in encodings for column in encoding.used])
    different = dict.fromkeys(column for encoding in encodings for column in encoding.used)
    encoded = {column: _add_column(graph, column, inputs[column.name]) for column in different}
    return [
        graph.add("Concat", *(encoded[column] for column in encoding.used), axis=1)
        for encoding in encodings
    ]


def _add_inputs(graph: Graph, columns: Sequence[Column]) -> dict[str, str]:
    """An input for each name among the columns."""
    dtypes: dict[str, Any] = {}
    for column in columns:
        dtype = object if isinstance(column, Coded) else DOUBLE
        if dtypes.setdefault(column.name, dtype) is not dtype:
            raise ValueError(
                f"column {column.name!r} is words for one network and numbers for another: ONNX "
                "has one type for an input"
            )
    return {name: graph.input(name, dtype, 1) for name, dtype in dtypes.items()}


def _add_column(graph: Graph, column: Any, raw: str) -> str:
    """The inputs that a raw column is encoded as."""
    if isinstance(column, Number):
        return _add_number(graph, column, raw)
    if isinstance(column, Moment):
        return add_moment(graph, column, raw)
    return _add_words(graph, column, raw)


def _add_number(graph: Graph, column: Number, raw: str) -> str:
    from .values.marks import numbers_among  # imports polars

    missing = _is_missing(graph, raw)
    for mark in numbers_among(column.marks):
        missing = graph.add("Or", missing, graph.add("Equal", raw, np.array(mark, DOUBLE)))
    number = graph.add("Where", missing, _median(column), raw)
    if not column.missing:
        return number
    return graph.add("Concat", number, graph.cast(missing, DOUBLE), axis=1)


def _add_words(graph: Graph, column: Coded, raw: str) -> str:
    """The row of the column's table that each word selects."""
    codes = {word: code for code, word in enumerate(column.words)}
    codes |= {other: codes[word] for other, word in other_spellings(column.words).items()}
    if not column.exact:
        codes = dict.fromkeys(_as_written(column.marks), len(column.words) + 1) | codes
    code = graph.add(
        "LabelEncoder",
        graph.add("Squeeze", raw, np.array([1])),
        domain=ML,
        keys_strings=[*codes],
        values_int64s=[*codes.values()],
        default_int64=len(column.words),
    )
    return graph.add("Gather", column.table, code, axis=0)


def _as_written(marks: tuple[str, ...]) -> list[str]:
    """Marks of missing values among words: as they are given, and as NULL, null and Null."""
    from .values.marks import MARKS_AMONG_WORDS  # imports polars

    known = [*sorted(MARKS_AMONG_WORDS), *marks]
    cases = (str, str.lower, str.upper, str.capitalize)
    return ["NaN", *dict.fromkeys(case(mark) for mark in known for case in cases)]


def _add_array(graph: Graph, encoding: Encoding, raw: str) -> str:
    """All columns of an array at once; each "is missing" input follows its column."""
    columns: list[Any] = [*encoding.columns]
    missing = _is_missing(graph, raw)
    medians = np.array([[_median(column) for column in columns]])
    value = graph.add("Where", missing, medians, raw)
    flagged = [k for k, column in enumerate(columns) if column.missing]
    if not flagged:
        return value
    flags = graph.cast(graph.add("Gather", missing, np.array(flagged), axis=1), DOUBLE)
    both = graph.add("Concat", value, flags, axis=1)
    order = np.argsort([*range(len(columns)), *flagged], kind="stable")
    return graph.add("Gather", both, order, axis=1)


def _is_missing(graph: Graph, value: str) -> str:
    return graph.add("Or", graph.add("IsNaN", value), graph.add("IsInf", value))


def _median(column: Number) -> np.ndarray:
    """What takes a missing number's place: NaN in an older version's model, which has no median."""
    return np.array(np.nan if column.median is None else column.median, DOUBLE)
