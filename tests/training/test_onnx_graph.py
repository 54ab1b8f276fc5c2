"""ONNX graphs, built node by node."""

import numpy as np
import pytest

from bpfast.training.onnx_graph import INPUT, Graph, Operators

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])


def run(model, X):
    return reference.ReferenceEvaluator(model).run(["predictions"], {"X": X})[0]


def start(dtype=np.float64):
    graph = Graph()
    return graph, graph.input(INPUT, dtype, 3)


def test_nodes_take_values_and_arrays():
    graph, value = start()
    value = graph.add("Sub", value, np.array([1.0, 2.0, 3.0]))
    value = graph.add("Abs", value)
    model = graph.model(value, np.float64, 3, {"name": "test"})
    np.testing.assert_array_equal(run(model, X), abs(X - [1.0, 2.0, 3.0]))
    assert [node.op_type for node in model.graph.node] == ["Sub", "Abs", "Identity"]
    assert {prop.key: prop.value for prop in model.metadata_props} == {"name": "test"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_have_the_operators_dtype(dtype):
    graph, value = start(dtype)
    operators = Operators(graph, np.dtype(dtype))
    value = operators.LeakyRelu(operators.Mul(value, 0.1), alpha=0.5)
    found = run(graph.model(value, dtype, 3), X.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, np.where(X > 0, 0.1 * X, 0.05 * X), rtol=1e-6)


def test_erf_is_computed_in_float32():
    graph, value = start()
    value = Operators(graph, np.dtype(np.float64)).erf(value)
    model = graph.model(value, np.float64, 3)
    assert [node.op_type for node in model.graph.node] == ["Cast", "Erf", "Cast", "Identity"]
    assert run(model, np.zeros((1, 3))).dtype == np.float64


def test_a_graph_that_is_wrong_is_refused():
    graph, value = start()
    value = graph.add("Sub", value, np.ones(3, np.float32))
    with pytest.raises(onnx.shape_inference.InferenceError):
        graph.model(value, np.float64, 3)


def test_inputs_of_strings_stand_beside_numbers():
    graph = Graph()
    word, x = graph.input("word", object, 1), graph.input("x", np.float64, 1)
    code = {"keys_strings": ["a", "b"], "values_int64s": [1, 2], "default_int64": 0}
    number = graph.add("LabelEncoder", word, domain="ai.onnx.ml", **code)
    number = graph.cast(number, np.dtype(np.float64))
    total = graph.add("Add", number, x)
    model = graph.model(total, np.float64, 1)
    assert [one.domain for one in model.opset_import] == ["", "ai.onnx.ml"]
    given = {"word": np.array([["b"], ["?"]], object), "x": np.array([[0.5], [1.0]])}
    (found,) = reference.ReferenceEvaluator(model).run(None, given)
    np.testing.assert_array_equal(found, [[2.5], [1.0]])


@pytest.mark.parametrize("name", ["abs_0", "constant_0", "predictions"])
def test_no_value_has_an_inputs_name(name):
    graph = Graph()
    value = graph.add("Abs", graph.input(name, np.float64, 3))
    model = graph.model(graph.add("Sub", value, np.ones(3)), np.float64, 3)
    (found,) = reference.ReferenceEvaluator(model).run(None, {name: X})
    np.testing.assert_array_equal(found, abs(X) - 1.0)
