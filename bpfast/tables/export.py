"""A model as ONNX: its network between the scaling of inputs and that of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..training.export import add_network
from ..training.onnx_graph import INPUT, Graph
from ..training.population import Population
from .scaling import Scaler

if TYPE_CHECKING:
    import onnx


def to_onnx(
    population: Population, scaler: Scaler, target_scaler: Scaler | None, metadata: dict[str, str]
) -> onnx.ModelProto:
    """See :meth:`bpfast.Model.to_onnx`.

    Scaling is in float64: in float32, large numbers with small differences would lose these.
    """
    mlp, graph = population.mlp, Graph()
    value = graph.add("Sub", INPUT, scaler.mean)
    value = graph.cast(graph.add("Div", value, scaler.scale), population.dtype)
    value = add_network(graph, value, mlp, *population.arrays(0))
    value = graph.cast(value, np.dtype(np.float64))
    if target_scaler is not None:
        value = graph.add("Mul", value, target_scaler.scale)
        value = graph.add("Add", value, target_scaler.mean)
    return graph.model(value, mlp, np.float64, metadata)
