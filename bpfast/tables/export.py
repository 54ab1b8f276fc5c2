"""A model as ONNX: raw columns, their encoding and scaling, the network, the target's units."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ..training.export import add_network
from ..training.onnx_graph import DOUBLE, Graph
from ..training.population import Population
from .input_info import InputInfo
from .onnx_columns import add_encoding
from .target_info import TargetInfo

if TYPE_CHECKING:
    import onnx


def to_onnx(population: Population, inputs: InputInfo, target: TargetInfo) -> onnx.ModelProto:
    """See :meth:`bpfast.Model.to_onnx`.

    Scaling is in float64: in float32, large numbers with small differences would lose these.
    """
    mlp, graph = population.mlp, Graph()
    encoding, scaler = inputs.encoding, inputs.scaler
    value = add_encoding(graph, encoding)
    value = graph.add("Div", graph.add("Sub", value, scaler.mean), scaler.scale)
    value = add_network(graph, graph.cast(value, population.dtype), mlp, *population.arrays(0))
    value = _add_units(graph, graph.cast(value, DOUBLE), target)
    metadata = {
        "columns": {column.name: column.kind for column in encoding.used},
        "features": encoding.features,
        "classes": target.classes,
        "labels": target.labels,
    }
    texts = {name: json.dumps(known) for name, known in metadata.items()}
    return graph.model(value, DOUBLE, mlp.outputs, texts)


def _add_units(graph: Graph, value: str, target: TargetInfo) -> str:
    """Numbers in the target's units; probabilities stay what they are."""
    if target.scaler is not None:
        value = graph.add("Mul", value, np.asarray(target.scaler.scale, DOUBLE))
        value = graph.add("Add", value, np.asarray(target.scaler.mean, DOUBLE))
        if target.scaler.low is not None:
            value = graph.add("Max", value, np.asarray(target.scaler.low, DOUBLE))
            value = graph.add("Min", value, np.asarray(target.scaler.high, DOUBLE))
    if target.transform:
        value = graph.add("Exp", value)
    if target.transform == "log1p":
        value = graph.add("Sub", value, np.ones((), DOUBLE))
    return value
