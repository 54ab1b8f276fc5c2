"""Models and ensembles as ONNX, which predicts what they predict."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ensembles import ensemble, member, model_of
from hypothesis import given, settings
from mixed_tables import ANY_ENSEMBLE, TARGETS, model, new_rows, raw_columns
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.tables.encoding import Encoding
from bpfast.tables.encoding.words import Words
from bpfast.tables.target import scaler_of

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(0)
X = RNG.normal([100.0, 0.0, 1e7], [10.0, 1e-3, 5.0], (60, 3))
PRICES = 2e5 + 300.0 * X[:, 0] + 1e6 * X[:, 1]


def of_array(layers, loss, dtype="float32", **named):
    network = bp.Population(bp.MLP(layers, "tanh", loss), 1, init="torch", dtype=dtype)
    return bp.Model(network, bp.Scaler.of(X), **named)


def run(model, inputs):
    proto = model.to_onnx().SerializeToString()
    session = runtime.InferenceSession(proto, providers=["CPUExecutionProvider"])
    return session.run(["predictions"], inputs)[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target_scaler", [bp.Scaler.of(PRICES), None])
def test_numbers_come_in_their_own_units(target_scaler, dtype):
    regressor = of_array((3, 8, 1), "mse", dtype, target_scaler=target_scaler)
    predictions = run(regressor, {"X": X})
    assert predictions.dtype == np.float64
    assert_allclose(predictions[:, 0], regressor.predict(X), rtol=1e-5, atol=1e-5)


def test_classes_come_as_probabilities_with_names_in_the_metadata():
    classifier = of_array((3, 8, 4), "cross_entropy", classes=["cat", "dog", "fox", "owl"])
    assert_allclose(run(classifier, {"X": X}), classifier.predict_proba(X), rtol=1e-5, atol=1e-5)
    metadata = {prop.key: prop.value for prop in classifier.to_onnx().metadata_props}
    assert json.loads(metadata["features"]) == ["x0", "x1", "x2"]
    assert json.loads(metadata["classes"]) == classifier.classes


def test_small_differences_of_large_inputs_count():
    """In float32, 1e7 and 1e7 + 0.1 are one number."""
    regressor = of_array((3, 8, 1), "mse")
    near = X.copy()
    near[:, 2] += 0.1
    said = [run(regressor, {"X": inputs}) for inputs in (X, near)]
    assert (said[0] != said[1]).all()


def test_it_is_as_the_model_is_now():
    regressor = of_array((3, 8, 1), "mse", target_scaler=bp.Scaler.of(PRICES))
    raised = replace(regressor, target_scaler=bp.Scaler.of(PRICES + 1e6))
    said = [run(one, {"X": X}) for one in (regressor, raised)]
    assert_allclose(said[1] - said[0], 1e6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", TARGETS)
def test_raw_columns_go_in(kind, dtype):
    pytest.importorskip("polars")
    one, rows = model(kind, dtype=dtype), new_rows()
    has_probabilities = one.target_info.has_probabilities
    expected = one.predict_proba(rows) if has_probabilities else one.predict(rows)
    said = run(one, raw_columns(rows, one))
    assert_allclose(said.squeeze(), expected, rtol=1e-5, atol=1e-6)


def test_the_metadata_say_what_goes_in_and_out():
    pytest.importorskip("polars")
    one = model("labels")
    metadata = {p.key: json.loads(p.value) for p in one.to_onnx().metadata_props}
    assert metadata["columns"]["age"] == "number"
    assert metadata["columns"]["deck"] == "words"
    assert metadata["features"] == one.features
    assert metadata["labels"] == TARGETS["labels"]["labels"]


@pytest.mark.parametrize("outputs", [1, 2])
def test_logarithms_stay_within_bounds(outputs, tmp_path):
    prices = np.stack([PRICES, PRICES**2], axis=1)[:, :outputs].squeeze()
    regressor = of_array((3, 8, outputs), "mse", target_scaler=scaler_of(prices, "log"))
    parameters = 50.0 * regressor.population.parameters
    far = replace(
        regressor, transform="log", population=regressor.population.with_parameters(parameters)
    )
    said = far.predict(X)
    assert (said.min(axis=0) >= prices.min(axis=0) / 2.001).all()
    assert (said.max(axis=0) <= prices.max(axis=0) * 2.001).all()
    assert (said > prices.max(axis=0) * 1.999).any()
    assert_allclose(run(far, {"X": X}).squeeze(), said, rtol=1e-5)
    far.save(tmp_path / "far.safetensors")
    assert_array_equal(bp.Model.load(tmp_path / "far.safetensors").predict(X), said)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number_encoding", ["quantile", "piecewise8"])
def test_inputs_are_expanded(number_encoding, dtype):
    own = member("numbers", 0, 0, number_encoding, dtype=dtype)
    one, rows = model_of(bp.Ensemble((own,), transform="log"), 0), new_rows()
    assert_allclose(run(one, raw_columns(rows, one)).squeeze(), one.predict(rows), rtol=1e-5)
    metadata = {p.key: json.loads(p.value) for p in one.to_onnx().metadata_props}
    assert metadata["features"] == one.features


@settings(max_examples=25, deadline=None)
@given(**ANY_ENSEMBLE)
def test_an_ensemble_is_one_graph(**drawn):
    found, rows = ensemble(**drawn), new_rows()
    said = run(found, raw_columns(rows, found))
    assert_allclose(said, found.outputs(rows), rtol=1e-5, atol=1e-6)


def test_an_ensembles_graph_has_each_thing_once():
    """Raw columns, tables of words, and a product for each layer of a group."""
    alike = [member("classes", k, k % 2, hidden=(4,), weight=0.1) for k in range(10)]
    found = bp.Ensemble(tuple(alike), **TARGETS["classes"])
    proto = found.to_onnx()
    names = [value.name for value in proto.graph.input]
    assert sorted(names) == sorted(column.name for column in found.encoding.used)
    operators = [node.op_type for node in proto.graph.node]
    assert operators.count("MatMul") == 2 * len(found.groups) == 4
    words = {
        column
        for inputs in found.inputs
        for column in inputs.encoding.used
        if column.kind in ("words", "target means")
    }
    assert operators.count("LabelEncoder") == len(words)
    metadata = {p.key: json.loads(p.value) for p in proto.metadata_props}
    assert metadata["networks"] == 10
    assert metadata["classes"] == found.classes
    assert metadata["columns"]["deck"] == "words"


def test_an_ensemble_of_arrays_has_one_input():
    models = [of_array((3, 4, 1), "mse", target_scaler=bp.Scaler.of(PRICES)) for _ in range(2)]
    found = bp.Ensemble(
        tuple(
            member("numbers", k)._replace(
                weight=0.5,
                population=own.population,
                inputs=own.input_info,
                target_scaler=own.target_scaler,
            )
            for k, own in enumerate(models)
        )
    )
    assert_allclose(run(found, {"X": X})[:, 0], found.predict(X), rtol=1e-5)


def test_a_column_of_two_types_is_refused():
    first, second = member("numbers", 0, weight=0.5), member("numbers", 1, weight=0.5)
    columns = first.inputs.encoding.columns
    words = Words(name="age", words=("a", "b"))
    other = replace(second.inputs, encoding=Encoding((words, *columns[1:])))
    found = bp.Ensemble((first, second._replace(inputs=other)))
    with pytest.raises(ValueError, match="column 'age' is words for one network and numbers for"):
        found.to_onnx()
