"""ONNX graphs, built node by node."""

import numpy as np
import pytest

from bpfast import MLP
from bpfast.training.onnx_graph import INPUT, Graph, Operators

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")

THREE = MLP((3, 3))
X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])


def run(model, X):
    return reference.ReferenceEvaluator(model).run(["predictions"], {"X": X})[0]


def test_nodes_take_values_and_arrays():
    graph = Graph()
    value = graph.add("Sub", INPUT, np.array([1.0, 2.0, 3.0]))
    value = graph.add("Abs", value)
    model = graph.model(value, THREE, np.float64, {"name": "test"})
    np.testing.assert_array_equal(run(model, X), abs(X - [1.0, 2.0, 3.0]))
    assert [node.op_type for node in model.graph.node] == ["Sub", "Abs", "Identity"]
    assert {prop.key: prop.value for prop in model.metadata_props} == {"name": "test"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_have_the_operators_dtype(dtype):
    graph = Graph()
    operators = Operators(graph, np.dtype(dtype))
    value = operators.LeakyRelu(operators.Mul(INPUT, 0.1), alpha=0.5)
    found = run(graph.model(value, THREE, dtype), X.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, np.where(X > 0, 0.1 * X, 0.05 * X), rtol=1e-6)


def test_erf_is_computed_in_float32():
    graph = Graph()
    value = Operators(graph, np.dtype(np.float64)).erf(INPUT)
    model = graph.model(value, THREE, np.float64)
    assert [node.op_type for node in model.graph.node] == ["Cast", "Erf", "Cast", "Identity"]
    assert run(model, np.zeros((1, 3))).dtype == np.float64


def test_a_graph_that_is_wrong_is_refused():
    graph = Graph()
    value = graph.add("Sub", INPUT, np.ones(3, np.float32))
    with pytest.raises(onnx.shape_inference.InferenceError):
        graph.model(value, THREE, np.float64)
