"""A model: predictions in the target's own terms, and in one file."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from ensembles import ensemble
from mixed_tables import TARGETS, new_rows
from mixed_tables import model as mixed_model
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast import Scaler
from bpfast.tables.encoding import Encoding
from bpfast.tables.encoding.expansion import Expansion

RNG = np.random.default_rng(0)
X = RNG.normal([100.0, 0.0, 1e7], [10.0, 1e-3, 5.0], (60, 3))
PRICES = 2e5 + 300.0 * X[:, 0] + 1e6 * X[:, 1]
SCALER, PRICE_SCALER = Scaler.of(X), Scaler.of(PRICES)
COLUMNS = {"area": [], "colour": ["blue", "red"]}
CLASSES = ["cat", "dog", "fox", "owl"]


def population(layers, loss, dtype="float32"):
    return bp.Population(bp.MLP(layers, "tanh", loss), 1, init="torch", dtype=dtype)


def classifier(**changes):
    network = population((3, 8, 4), "cross_entropy")
    given = {"classes": CLASSES, "columns": COLUMNS, "metric": "accuracy"}
    return bp.Model(**{"population": network, "scaler": SCALER} | given | changes)


def regressor(dtype="float32", **changes):
    network = population((3, 8, 1), "mse", dtype)
    given = {"target_scaler": PRICE_SCALER, "columns": COLUMNS, "metric": "R²"}
    return bp.Model(**{"population": network, "scaler": SCALER} | given | changes)


def outputs(model):
    """What the network itself says of scaled inputs."""
    return model.population.predict((X - X.mean(axis=0)) / X.std(axis=0), device="reference")[0]


def same(a, b):
    assert a.population.mlp == b.population.mlp
    assert_array_equal(a.population.parameters, b.population.parameters)
    assert_array_equal(a.predict(X), b.predict(X))
    for name in ("classes", "columns", "metric", "features", "target_names", "labels", "transform"):
        assert getattr(a, name) == getattr(b, name)
    for name in ("scaler", "target_scaler"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        for key in ("mean", "scale") if one is not None else ():
            assert_array_equal(getattr(one, key), getattr(other, key))


def test_numbers_come_in_the_targets_units():
    said = regressor().predict(X)
    assert said.shape == (60,)
    assert said.dtype == np.float64
    expected = outputs(regressor())[:, 0] * PRICES.std() + PRICES.mean()
    assert_allclose(said, expected, rtol=1e-6)
    assert said.min() > 1e5


def test_classes_come_by_name_and_with_their_probabilities():
    model = classifier()
    probabilities = model.predict_proba(X)
    assert_allclose(probabilities, outputs(model), rtol=1e-4, atol=1e-6)
    expected = [CLASSES[k] for k in probabilities.argmax(axis=1)]
    assert model.predict(X).tolist() == expected
    assert len(set(expected)) > 1


def test_targets_that_were_not_scaled_and_several_outputs_stay_as_they_are():
    model = bp.Model(population((3, 8, 2), "mse"), SCALER)
    assert_allclose(model.predict(X), outputs(model), rtol=1e-4, atol=1e-6)
    assert model.features == ["x0", "x1", "x2"]


@pytest.mark.parametrize("model", [classifier(), regressor(), regressor("float64")])
def test_what_is_saved_is_loaded(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(str(path))
    same(bp.Model.load(path), model)
    assert bp.Model.load(path).features == ["area", "colour=blue", "colour=red"]
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_file_is_a_population_too_and_says_all_in_its_header(tmp_path):
    model = regressor()
    model.save(tmp_path / "m.safetensors")
    loaded = bp.Population.load(tmp_path / "m.safetensors")
    assert_array_equal(loaded.parameters, model.population.parameters)
    with safetensors.safe_open(tmp_path / "m.safetensors", framework="numpy") as file:
        described = json.loads(file.metadata()["model"])
        mlp = json.loads(file.metadata()["mlp"])
    assert mlp["layers"] == [3, 8, 1]
    assert [column["name"] for column in described["columns"]] == ["area", "colour"]
    assert described["scaler"]["mean"] == X.mean(axis=0).tolist()
    assert described["target_scaler"]["scale"] == PRICES.std()
    assert described["metric"] == "R²"
    assert described["classes"] == []


def test_files_that_are_no_models_are_refused_in_words(tmp_path):
    path = tmp_path / "p.safetensors"
    population((3, 1), "mse").save(path)
    with pytest.raises(ValueError, match=r"is no model: .* bpfast sweep write them"):
        bp.Model.load(path)
    safetensors.numpy.save_file({"a": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="is no model"):
        bp.Model.load(path)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        bp.Model.load(path)
    with pytest.raises(IsADirectoryError, match="is a folder, expected a safetensors file"):
        bp.Model.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        bp.Model.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"population": "best"}, TypeError, "population must be a Population, got 'best'"),
        ({"population": bp.Population(bp.MLP((3, 1)), 5)}, ValueError, "one network, got 5: choos"),
        ({"columns": {"area": []}}, ValueError, "columns make 1 inputs, the network has 3"),
        ({"scaler": Scaler.of(X[:, :2])}, ValueError, "scaler is for 2 inputs, columns make 3"),
        ({"classes": CLASSES[:3]}, ValueError, "3 names, cross_entropy with 4 outputs needs 4"),
        ({"population": population((3, 4), "mse")}, ValueError, "mse with 4 outputs needs 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_words(changes, error, words):
    with pytest.raises(error, match=words):
        classifier(**changes)


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        (X[:, :1], ValueError, r"X has shape \(60, 1\), expected .*\(samples, 3\)"),
        (X[0], ValueError, r"X has shape \(3,\)"),
        (X[:0], ValueError, "X has no rows"),
        (X * np.nan, ValueError, "X has NaN or infinity"),
        ([["a", "b", "c"]], ValueError, r"X has shape \(1, 3\), expected \(samples, 2\)"),
        ([["a", "b"]], ValueError, "column 'area' has 'a' in row 1, expected numbers"),
    ],
)
def test_bad_inputs_are_refused_in_words(inputs, error, words):
    with pytest.raises(error, match=words):
        regressor().predict(inputs)


def test_numbers_have_no_probabilities():
    with pytest.raises(ValueError, match="has no probabilities: use predict"):
        regressor().predict_proba(X)


def test_a_sweep_offers_its_best_network():
    space = {"hidden": 4}
    options = {"space": space, "networks": 4, "epochs": 3, "device": "reference"}
    words = np.where(np.median(PRICES) < PRICES, "dear", "cheap")
    for y in (PRICES, words):
        result = bp.sweep(X, y, **options)
        model = result.model
        assert_array_equal(model.population.parameters, result.best.parameters)
        assert model.classes == ([] if y is PRICES else ["cheap", "dear"])
        said = model.predict(X)
        if y is PRICES:
            scaled = result.best.predict(result.scaler.apply(X))[0, :, 0]
            expected = scaled * result.target_scaler.scale + result.target_scaler.mean
            assert_allclose(said, expected, rtol=1e-6)
        else:
            assert set(said) <= {"cheap", "dear"}


def test_rows_without_probabilities_have_no_class():
    """NaN would be taken for the greatest probability, the first class's."""
    model, far = classifier(), X.copy()
    far[[3, 7]] = 3e38 * np.sign(SCALER.scale)
    weights = np.full_like(model.population.parameters, 3e38)
    lost = replace(model, population=model.population.with_parameters(weights))
    with pytest.raises(ValueError, match="row 0 of X, and 59 others, have no class"):
        lost.predict(X)
    assert np.isnan(lost.predict_proba(X)).any(axis=1).all()
    assert set(model.predict(X)) <= set(CLASSES)


# --- number encodings ---------------------------------------------------------------------------


EXPANSION = Expansion.fit("piecewise4", X.astype(np.float32), [False] * 3)


def expanded(dtype="float32", **changes):
    network = population((len(EXPANSION.lines), 8, 1), "mse", dtype)
    return regressor(population=network, expansion=EXPANSION, **changes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_are_expanded_once_they_are_scaled(dtype, tmp_path):
    model = expanded(dtype)
    inputs = EXPANSION.apply(SCALER.apply(X).astype(np.float32))
    expected = PRICE_SCALER.invert(model.population.predict(inputs)[0, :, 0].astype(np.float64))
    assert_array_equal(model.predict(X), expected)
    assert model.features[:2] == ["area bin 1", "area bin 2"]
    model.save(tmp_path / "m.safetensors")
    loaded = bp.Model.load(tmp_path / "m.safetensors")
    assert loaded.expansion == EXPANSION
    same(loaded, model)
    same(pickle.loads(pickle.dumps(model)), model)
    bp.Population.load(tmp_path / "m.safetensors")


def test_columns_without_names_are_as_many_as_the_scaler_has():
    assert expanded(columns=()).features[-1] == "x2 bin 4"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"population": population((3, 1), "mse")}, "columns make 12 inputs, the network has 3"),
        ({"columns": {"a": []}}, "expansion is of at least 3 inputs, columns make 1"),
        ({"scaler": Scaler.of(X[:, :2])}, "scaler is for 2 inputs, columns make 3"),
    ],
)
def test_expansions_that_do_not_fit_are_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(expanded(), **changes)


def test_an_ensembles_file_is_told_apart(tmp_path):
    pytest.importorskip("polars")
    ensemble().save(tmp_path / "ensemble.safetensors")
    with pytest.raises(ValueError, match=r"is an ensemble's, not a model's: use bpfast\.Ensemble"):
        bp.Model.load(tmp_path / "ensemble.safetensors")


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TARGETS)
def test_tables_go_in_and_all_of_the_model_is_saved(kind, tmp_path):
    pytest.importorskip("polars")
    model, rows = mixed_model(kind), new_rows()
    model.save(tmp_path / "m.safetensors")
    loaded = bp.Model.load(tmp_path / "m.safetensors")
    assert loaded.encoding == model.encoding
    for name in ("classes", "metric", "target_names", "labels", "transform"):
        assert getattr(loaded, name) == getattr(model, name)
    assert_array_equal(loaded.predict(rows), model.predict(rows))
    if kind in ("classes", "labels"):
        assert_array_equal(loaded.predict_proba(rows), model.predict_proba(rows))


def test_labels_are_named_and_have_a_probability_each():
    pytest.importorskip("polars")
    model, rows = mixed_model("labels"), new_rows()
    said, probabilities = model.predict(rows), model.predict_proba(rows)
    assert said.shape == probabilities.shape == (55, 2)
    assert_array_equal(said[:, 0], np.where(probabilities[:, 0] > 0.5, "yes", "no"))
    assert_array_equal(said[:, 1], np.where(probabilities[:, 1] > 0.5, "red", "blue"))


@pytest.mark.parametrize(("kind", "inverse"), [("numbers", np.exp), ("counts", np.expm1)])
def test_numbers_that_were_trained_on_as_logarithms_come_in_units(kind, inverse):
    pytest.importorskip("polars")
    model, rows = mixed_model(kind), new_rows()
    assert_allclose(model.predict(rows), inverse(model.outputs(rows)[:, 0] * 0.5 + 2.0), rtol=1e-6)


def test_columns_come_as_an_encoding_or_its_columns():
    encoding = Encoding.from_plain(COLUMNS)
    for columns in (encoding, encoding.columns, [*encoding.columns]):
        model = regressor(columns=columns)
        same(model, regressor())
        assert model.encoding == encoding


def test_a_pickled_model_of_an_older_version_has_the_later_fields():
    model = regressor()
    older = {
        name: getattr(model, name)
        for name in ("population", "scaler", "target_scaler", "classes", "metric")
    }
    loaded = bp.Model.__new__(bp.Model)
    loaded.__setstate__(older | {"columns": COLUMNS})
    same(loaded, model)
    same(pickle.loads(pickle.dumps(model)), model)


def test_numbers_that_an_older_model_lacks_are_refused():
    with pytest.raises(ValueError, match="X has NaN or infinity"):
        regressor(columns={"a": [], "b": [], "c": []}).predict(X * np.nan)
