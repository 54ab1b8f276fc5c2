"""Nodes of our estimators' outputs: evaluated by onnxruntime, and put into a container."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bpfast.sklearn import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    onnx_nodes,
)
from bpfast.training.onnx_graph import DOUBLE, Graph

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(30, 2))
NETWORK = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
NETWORKS = {
    True: (MLPClassifier(**NETWORK), MLPEnsembleClassifier(MLPClassifier(**NETWORK), 2)),
    False: (MLPRegressor(**NETWORK), MLPEnsembleRegressor(MLPRegressor(**NETWORK), 2)),
}


def evaluated(add, columns, samples=X):
    """What nodes, which a function adds to a graph behind its input, make of samples."""
    graph = Graph()
    value = add(graph, graph.input("X", DOUBLE, samples.shape[1]))
    proto = graph.model(graph.cast(value, DOUBLE), DOUBLE, columns).SerializeToString()
    session = runtime.InferenceSession(proto, providers=["CPUExecutionProvider"])
    return session.run(None, {"X": samples})[0]


@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("k", [0, 1])
def test_probabilities_are_predict_probas(k, classes):
    y = np.arange(30) % classes
    fitted = NETWORKS[True][k].set_params(random_state=0).fit(X, y)
    found = evaluated(lambda graph, x: onnx_nodes.probabilities(graph, fitted, x, DOUBLE), classes)
    assert_allclose(found, fitted.predict_proba(X)[:, :classes], rtol=1e-9)


@pytest.mark.parametrize("k", [0, 1])
def test_numbers_are_predictions(k):
    fitted = NETWORKS[False][k].set_params(random_state=0).fit(X, X**2)
    found = evaluated(lambda graph, value: onnx_nodes.numbers(graph, fitted, value, DOUBLE), 2)
    assert_allclose(found, fitted.predict(X), rtol=1e-9)


def test_who_has_labels():
    for classifier in NETWORKS[True]:
        assert onnx_nodes.has_labels(classifier.fit(X, (X > 0).astype(int)))
        assert not onnx_nodes.has_labels(classifier.fit(X, X[:, 0] > 0))


def test_the_most_probable_class_and_what_is_likely():
    shares = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4], [0.5, 0.5, 0.0]])
    labels = np.array([7, 8, 9])
    decided = {
        "classes": lambda graph, found: graph.add(
            "Unsqueeze", onnx_nodes.classes(graph, found, labels), np.array([1])
        ),
        "labels": lambda graph, found: onnx_nodes.decisions(graph, found, DOUBLE),
    }
    assert evaluated(decided["classes"], 1, shares)[:, 0].tolist() == [8, 7, 7]  # the first of two
    assert_array_equal(evaluated(decided["labels"], 3, shares), shares > 0.5)


@pytest.fixture
def container():
    """A graph that is not empty, and the nodes and constants that skl2onnx would get of it."""
    nodes, constants, used = [], {}, {"add"}

    def unused(name):
        while name in used:
            name += "1"
        used.add(name)
        return name

    container = SimpleNamespace(
        add_node=lambda *node, **attributes: nodes.append((*node, attributes)),
        add_initializer=lambda name, *values: constants.update({name: values}),
    )
    scope = SimpleNamespace(get_unique_variable_name=unused, get_unique_operator_name=str.lower)
    return onnx_nodes.Nodes(scope, container), nodes, constants


def test_nodes_and_constants_get_names_that_are_unused(container):
    graph, nodes, constants = container
    value = graph.add("Add", "x", np.array([[1.5, 2.5]], np.float32))
    graph.add("LabelEncoder", value, output="y", domain="ai.onnx.ml", keys_int64s=[1])
    where = {"op_domain": "", "op_version": None, "name": "add"}
    encoder = {"op_domain": "ai.onnx.ml", "op_version": None, "name": "labelencoder"}
    assert nodes == [
        ("Add", ["x", "constant"], ["add1"], where),
        ("LabelEncoder", ["add1"], ["y"], encoder | {"keys_int64s": [1]}),
    ]
    element, shape, values = constants["constant"]
    assert (element, shape, values.tolist()) == (1, (1, 2), [1.5, 2.5])


def test_a_model_is_spliced_in_with_its_operators_versions(container):
    graph, nodes, constants = container
    model = Graph()
    sums = model.add("Add", model.input("X", DOUBLE, 2), np.ones(2))
    found = graph.splice(model.model(sums, DOUBLE, 2), {"X": "x"})
    (add, identity) = nodes
    assert (add[:2], add[3]["op_version"]) == (("Add", ["x", "constant"]), 14)
    assert (identity[0], identity[1], identity[2]) == ("Identity", add[2], [found])
    assert constants["constant"][2].tolist() == [1.0, 1.0]
