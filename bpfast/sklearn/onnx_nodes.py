"""What skl2onnx's converters are to do for our estimators: their outputs as nodes of its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..training.export import add_network
from ..training.onnx_graph import Graph


class Nodes(Graph):
    """A graph whose nodes and constants go into skl2onnx's container, under names of its scope.

    There, skl2onnx sees to it that every operator is in the opset that was asked for.
    """

    def __init__(self, scope: Any, container: Any) -> None:
        super().__init__()
        self._scope, self._container = scope, container

    def add(self, operator: str, *inputs: Any, output: str = "", **attributes: Any) -> str:
        """Apply an operator to values and arrays; returns the name of the result."""
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = output or self._unused(operator.lower())
        self._container.add_node(
            operator,
            names,
            [output],
            op_domain=attributes.pop("domain", ""),
            op_version=attributes.pop("version", None),
            name=self._scope.get_unique_operator_name(operator),
            **attributes,
        )
        return output

    def splice(self, model: Any, inputs: Mapping[str, str]) -> str:
        """Add the nodes of a model with one output, whose name it returns.

        Parameters
        ----------
        model : onnx.ModelProto
        inputs : for each name of its inputs the value to take
        """
        known = {"": "", **inputs}  # an input that is left out has no name
        opsets = {one.domain: one.version for one in model.opset_import}
        for tensor in model.graph.initializer:
            known[tensor.name] = self._constant(self._onnx.numpy_helper.to_array(tensor))
        for node in model.graph.node:
            read = self._onnx.helper.get_attribute_value
            attributes = {attribute.name: read(attribute) for attribute in node.attribute}
            (name,) = node.output
            schema = self._onnx.defs.get_schema(node.op_type, opsets[node.domain], node.domain)
            known[name] = self.add(
                node.op_type,
                *(known[one] for one in node.input),
                domain=node.domain,
                version=schema.since_version,
                **attributes,
            )
        return known[model.graph.output[0].name]

    def _constant(self, array: Any) -> str:
        name, values = self._unused("constant"), np.asarray(array)
        element = self._onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
        self._container.add_initializer(name, element, values.shape, values.ravel())
        return name

    def _unused(self, name: str) -> str:
        return self._scope.get_unique_variable_name(name)


def numbers(graph: Graph, regressor: Any, value: str, dtype: np.dtype) -> str:
    """The predictions (samples, outputs) of a regressor, in the dtype of a value."""
    if not hasattr(regressor, "estimators_"):
        return _network(graph, regressor, value, dtype)
    return _mean(
        graph, [_network(graph, member, value, dtype) for member in regressor.estimators_], dtype
    )


def probabilities(graph: Graph, classifier: Any, value: str, dtype: np.dtype) -> str:
    """The probabilities (samples, classes) or (samples, labels) of a classifier."""
    if not hasattr(classifier, "estimators_"):
        return _probabilities(graph, classifier, value, dtype)
    classes, members = classifier.classes_, []
    for member in classifier.estimators_:
        own = _probabilities(graph, member, value, dtype)
        if len(member.classes_) < len(classes):  # its bootstrap lacks some
            columns = np.searchsorted(classes, member.classes_)
            own = graph.add("MatMul", own, np.eye(len(classes), dtype=dtype)[columns])
        members.append(own)
    return _mean(graph, members, dtype)


def _probabilities(graph: Graph, classifier: Any, value: str, dtype: np.dtype) -> str:
    """Those of a single network: of two classes it has the second's alone."""
    found = _network(graph, classifier, value, dtype)
    if has_labels(classifier) or classifier.n_outputs_ > 1:
        return found
    first = graph.add("Sub", np.ones((), dtype), found)
    return first if len(classifier.classes_) == 1 else graph.add("Concat", first, found, axis=1)


def _network(graph: Graph, estimator: Any, value: str, dtype: np.dtype) -> str:
    weights, biases = (
        [array.astype(dtype) for array in arrays]
        for arrays in (estimator.coefs_, estimator.intercepts_)
    )
    return add_network(graph, value, estimator._mlp(), weights, biases)


def _mean(graph: Graph, values: Sequence[str], dtype: np.dtype) -> str:
    """Put together, since onnxruntime has Mean in float32 only."""
    return graph.add("Div", graph.add("Sum", *values), np.array(len(values), dtype))


def has_labels(classifier: Any) -> bool:
    """Whether a classifier has several labels for each sample."""
    if hasattr(classifier, "_label_binarizer"):
        return classifier._label_binarizer.y_type_ == "multilabel-indicator"
    return classifier._multilabel


def classes(graph: Graph, found: str, labels: np.ndarray) -> str:
    """(samples,) the most probable class of each sample, of (classes,) labels."""
    return graph.add("Gather", labels, graph.add("ArgMax", found, axis=1, keepdims=0), axis=0)


def decisions(graph: Graph, found: str, dtype: np.dtype) -> str:
    """(samples, labels) 1 for labels that are more likely than not, else 0, as int64."""
    likely = graph.add("Greater", found, np.array(0.5, dtype))
    return graph.cast(likely, np.dtype(np.int64))
