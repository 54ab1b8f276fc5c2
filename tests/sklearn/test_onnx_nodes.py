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


def test_nodes_and_constants_go_into_a_container_under_unused_names():
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
    graph = onnx_nodes.Nodes(scope, container)
    value = graph.add("Add", "x", np.array([[1.5, 2.5]], np.float32))
    graph.add("LabelEncoder", value, output="y", domain="ai.onnx.ml", keys_int64s=[1])
    assert nodes == [
        ("Add", ["x", "constant"], ["add1"], {"op_domain": "", "name": "add"}),
        (
            "LabelEncoder",
            ["add1"],
            ["y"],
            {"op_domain": "ai.onnx.ml", "name": "labelencoder", "keys_int64s": [1]},
        ),
    ]
    element, shape, values = constants["constant"]
    assert (element, shape, values.tolist()) == (1, (1, 2), [1.5, 2.5])
