"""What skl2onnx's converters are to do for estimators that sweep: their ensembles as nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .onnx_nodes import Nodes


def outputs(graph: Nodes, estimator: Any, inputs: list[Any]) -> str:
    """What an estimator's ensemble puts out, (samples, outputs) float64.

    Parameters
    ----------
    inputs : skl2onnx's variables: one with all columns that the estimator was trained on, or one
        for each of them, of which names come before the order

    Raises
    ------
    ValueError
        Other inputs.
    """
    model = estimator.ensemble_.to_onnx()
    names = estimator._columns
    if names is None:  # an array of numbers
        (array,) = model.graph.input
        element = array.type.tensor_type.elem_type
        values = [_cast(graph, one.full_name, one, element) for one in inputs]
        value = values[0] if len(values) == 1 else graph.add("Concat", *values, axis=1)
        return graph.splice(model, {array.name: value})
    found = _columns(graph, estimator, names, inputs)
    taken = {}
    for column in model.graph.input:
        value, variable = found[column.name]
        taken[column.name] = _cast(graph, value, variable, column.type.tensor_type.elem_type)
    return graph.splice(model, taken)


def _columns(
    graph: Nodes, estimator: Any, names: list[str], inputs: list[Any]
) -> dict[str, tuple[str, Any]]:
    """For each column that the estimator was trained on a value, and the variable it is of."""
    by_name = {variable.raw_name: (variable.full_name, variable) for variable in inputs}
    if by_name.keys() >= {*names}:
        return by_name
    if len(inputs) == 1 < len(names):
        (table,) = inputs
        if table.get_second_dimension() in (None, len(names)):
            return {
                name: (graph.add("Gather", table.full_name, np.array([k]), axis=1), table)
                for k, name in enumerate(names)
            }
    elif len(inputs) == len(names):
        return dict(zip(names, by_name.values(), strict=True))
    raise ValueError(
        f"initial_types has inputs {', '.join(by_name)}, and {estimator!r} was trained on columns "
        f"{', '.join(names)}: give an input (samples, 1) for each, or one with all of them"
    )


def _cast(graph: Nodes, value: str, variable: Any, element: int) -> str:
    """A value of a variable as another element of ONNX's, such as a number of float64."""
    from skl2onnx.common.data_types import guess_proto_type

    same = guess_proto_type(variable.type) == element
    return value if same else graph.add("Cast", value, to=element)
