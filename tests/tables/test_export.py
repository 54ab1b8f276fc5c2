"""Models as ONNX, which predicts what they predict."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bpfast as bp

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(0)
X = RNG.normal([100.0, 0.0, 1e7], [10.0, 1e-3, 5.0], (60, 3))
PRICES = 2e5 + 300.0 * X[:, 0] + 1e6 * X[:, 1]
COLUMNS = {"area": [], "colour": ["blue", "red"]}


def model(layers, loss, dtype="float32", **named):
    network = bp.Population(bp.MLP(layers, "tanh", loss), 1, init="torch", dtype=dtype)
    return bp.Model(network, bp.Scaler.of(X), columns=COLUMNS, **named)


def session_of(model):
    proto = model.to_onnx().SerializeToString()
    return runtime.InferenceSession(proto, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target_scaler", [bp.Scaler.of(PRICES), None])
def test_numbers_come_in_their_own_units(target_scaler, dtype):
    regressor = model((3, 8, 1), "mse", dtype, target_scaler=target_scaler)
    (predictions,) = session_of(regressor).run(["predictions"], {"X": X})
    assert predictions.dtype == np.float64
    assert_allclose(predictions[:, 0], regressor.predict(X), rtol=1e-5, atol=1e-5)


def test_classes_come_as_probabilities_with_names_in_the_metadata():
    classifier = model((3, 8, 4), "cross_entropy", classes=["cat", "dog", "fox", "owl"])
    session = session_of(classifier)
    (probabilities,) = session.run(["predictions"], {"X": X})
    assert_allclose(probabilities, classifier.predict_proba(X), rtol=1e-5, atol=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["features"]) == ["area", "colour=blue", "colour=red"]
    assert json.loads(metadata["classes"]) == classifier.classes


def test_small_differences_of_large_inputs_count():
    """In float32, 1e7 and 1e7 + 0.1 are one number."""
    regressor = model((3, 8, 1), "mse")
    near = X.copy()
    near[:, 2] += 0.1
    said = [session_of(regressor).run(["predictions"], {"X": inputs})[0] for inputs in (X, near)]
    assert (said[0] != said[1]).all()


def test_it_is_as_the_model_is_now():
    regressor = model((3, 8, 1), "mse", target_scaler=bp.Scaler.of(PRICES))
    raised = replace(regressor, target_scaler=bp.Scaler.of(PRICES + 1e6))
    said = [session_of(one).run(["predictions"], {"X": X})[0] for one in (regressor, raised)]
    assert_allclose(said[1] - said[0], 1e6)
