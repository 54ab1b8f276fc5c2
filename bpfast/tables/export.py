"""Models and ensembles as ONNX: raw columns, their encoding, networks, the target's units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..training.export import add_network, add_networks
from ..training.onnx_graph import DOUBLE, Graph
from ..training.population import Population
from .input_info import InputInfo
from .member import Group
from .onnx_columns import add_encodings
from .onnx_expansion import SINGLE, add_expansion
from .scaling import Scaler
from .target_info import TargetInfo

if TYPE_CHECKING:
    import onnx


def to_onnx(population: Population, inputs: InputInfo, target: TargetInfo) -> onnx.ModelProto:
    """See :meth:`bpfast.Model.to_onnx`."""
    mlp, graph = population.mlp, Graph()
    (scaled,) = _add_scaled(graph, [inputs]).values()
    value = _add_expanded(graph, scaled, inputs, population.dtype)
    value = add_network(graph, value, mlp, *population.arrays(0))
    value = _add_units(graph, graph.cast(value, DOUBLE), target.scaler, target.transform)
    known = {"columns": _kinds([inputs]), "features": inputs.features}
    return graph.model(value, DOUBLE, mlp.outputs, _metadata(known, target))


def ensemble_to_onnx(
    groups: Sequence[Group], target: TargetInfo, transform: str, temperature: float
) -> onnx.ModelProto:
    """See :meth:`bpfast.Ensemble.to_onnx`."""
    graph, infos = Graph(), [group.inputs for group in groups]
    scaled, expanded, parts = _add_scaled(graph, infos), {}, []
    for group in groups:
        dtype = group.population.dtype
        if (own := (id(group.inputs), dtype)) not in expanded:
            value = scaled[_stage(group.inputs)]
            expanded[own] = _add_expanded(graph, value, group.inputs, dtype)
        population = group.population
        value = add_networks(graph, expanded[own], group.mlp, population.weights, population.biases)
        value = _add_units(graph, graph.cast(value, DOUBLE), group.target_scaler, transform)
        value = graph.add("Mul", value, group.weights[:, None, None])
        parts.append(graph.add("ReduceSum", value, np.array([0]), keepdims=0))
    value = parts[0] if len(parts) == 1 else graph.add("Sum", *parts)
    if target.classes or (target.labels and temperature != 1.0):
        value = _add_temperature(graph, value, temperature, labels=bool(target.labels))
    known = {"columns": _kinds(infos), "networks": sum(len(group.members) for group in groups)}
    return graph.model(value, DOUBLE, groups[0].mlp.outputs, _metadata(known, target))


def _stage(inputs: InputInfo) -> tuple[int, int]:
    """What tells whether rows are alike before expansions."""
    return id(inputs.encoding), id(inputs.scaler)


def _add_scaled(graph: Graph, infos: Sequence[InputInfo]) -> dict[tuple[int, int], str]:
    """Raw columns, encoded and scaled, of each stage once.

    Scaling is in float64: in float32, large numbers with small differences would lose these.
    """
    stages = {_stage(inputs): inputs for inputs in infos}
    encodings = {id(inputs.encoding): inputs.encoding for inputs in infos}
    values = add_encodings(graph, [*encodings.values()])
    encoded = dict(zip(encodings, values, strict=True))
    scaled = {}
    for stage, inputs in stages.items():
        value = graph.add("Sub", encoded[id(inputs.encoding)], inputs.scaler.mean)
        scaled[stage] = graph.add("Div", value, inputs.scaler.scale)
    return scaled


def _add_expanded(graph: Graph, scaled: str, inputs: InputInfo, dtype: np.dtype) -> str:
    """What a network is given."""
    if inputs.expansion is None:
        return graph.cast(scaled, dtype)
    value = add_expansion(graph, inputs.expansion, graph.cast(scaled, SINGLE))
    return value if dtype == SINGLE else graph.cast(value, dtype)


def _add_units(graph: Graph, value: str, scaler: Scaler | None, transform: str) -> str:
    """Numbers in the target's units; probabilities stay what they are."""
    if scaler is not None:
        value = graph.add("Mul", value, np.asarray(scaler.scale, DOUBLE))
        value = graph.add("Add", value, np.asarray(scaler.mean, DOUBLE))
        if scaler.low is not None:
            value = graph.add("Max", value, np.asarray(scaler.low, DOUBLE))
            value = graph.add("Min", value, np.asarray(scaler.high, DOUBLE))
    if transform:
        value = graph.add("Exp", value)
    if transform == "log1p":
        value = graph.add("Sub", value, np.ones((), DOUBLE))
    return value


def _add_temperature(graph: Graph, value: str, temperature: float, labels: bool) -> str:
    """As :func:`.tempering.tempered`."""
    power = np.array(1.0 / temperature)
    if labels:
        other = graph.add("Sub", np.ones(()), value)
        greatest = graph.add("Max", value, other)
        power_of, power_of_other = (
            graph.add("Pow", graph.add("Div", part, greatest), power) for part in (value, other)
        )
        return graph.add("Div", power_of, graph.add("Add", power_of, power_of_other))
    return graph.add("Softmax", graph.add("Mul", graph.add("Log", value), power), axis=1)


def _kinds(infos: Sequence[InputInfo]) -> dict[str, str]:
    """The columns that are used, and what each is encoded as at first."""
    kinds: dict[str, str] = {}
    for inputs in infos:
        for column in inputs.encoding.used:
            kinds.setdefault(column.name, column.kind)
    return kinds


def _metadata(known: dict[str, Any], target: TargetInfo) -> dict[str, str]:
    known = known | {"classes": target.classes, "labels": target.labels}
    return {name: json.dumps(value) for name, value in known.items()}
