"""Models as pipelines of scikit-learn's, which predict what they predict."""

import pickle
import sys

import numpy as np
import pytest
from ensembles import ensemble, member, model_of
from mixed_tables import TARGETS, model, new_rows
from numpy.testing import assert_array_equal

import bpfast as bp

pytest.importorskip("polars")
base = pytest.importorskip("sklearn.base")


@pytest.mark.parametrize("kind", TARGETS)
def test_a_pipeline_predicts_from_the_raw_table(kind):
    one, rows = model(kind), new_rows()
    pipeline = one.to_sklearn()
    assert_array_equal(pipeline.predict(rows), one.predict(rows))
    assert base.is_classifier(pipeline) == one.target_info.has_probabilities
    if one.target_info.has_probabilities:
        assert_array_equal(pipeline.predict_proba(rows), one.predict_proba(rows))


@pytest.mark.parametrize("copy", [base.clone, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_copies_and_fitted_ones_predict_the_same(kind, copy):
    one, rows = model(kind), new_rows()
    pipeline = copy(one.to_sklearn())
    assert_array_equal(pipeline.predict(rows), one.predict(rows))
    pipeline.fit(rows, np.zeros(len(rows)))
    assert_array_equal(pipeline.predict(rows), one.predict(rows))


def test_classes_are_named():
    assert model("classes").to_sklearn().classes_.tolist() == ["cat", "dog", "fox"]
    pairs = model("labels").to_sklearn().classes_
    assert [pair.tolist() for pair in pairs] == [["no", "yes"], ["blue", "red"]]


def test_classes_that_are_numbers_are_in_the_order_of_scikit_learns_metrics():
    metrics = pytest.importorskip("sklearn.metrics")
    X = np.random.default_rng(0).normal(size=(40, 3))
    network = bp.Population(bp.MLP((3, 2), loss="cross_entropy"), init="torch")
    one = bp.Model(network, bp.Scaler.of(X), classes=["5", "10"])
    pipeline, y = one.to_sklearn(), one.predict(X)
    assert pipeline.classes_.tolist() == ["10", "5"]
    assert_array_equal(pipeline.predict_proba(X), one.predict_proba(X)[:, ::-1])
    assert_array_equal(pipeline.classes_[pipeline.predict_proba(X).argmax(axis=1)], y)
    assert metrics.get_scorer("roc_auc")(pipeline, X, y) == 1.0
    assert metrics.log_loss(y, pipeline.predict_proba(X)) < np.log(2)


def test_a_pipeline_knows_its_columns_and_inputs():
    one = model()
    encoder, network = (step for _, step in one.to_sklearn().steps)
    assert encoder.feature_names_in_.tolist() == [c.name for c in one.encoding.used]
    assert encoder.n_features_in_ == len(one.encoding.used)
    assert encoder.get_feature_names_out().tolist() == one.features
    assert network.n_features_in_ == len(one.features)
    assert_array_equal(encoder.transform(new_rows()), one.input_info.encode(new_rows()))


def test_a_pipeline_is_scored():
    one, rows = model(), new_rows()
    assert one.to_sklearn().score(rows, one.predict(rows)) == 1.0
    one = model("numbers")
    assert one.to_sklearn().score(rows, one.predict(rows)) == 1.0


def test_pandas_tables_go_in():
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    one, rows = model(), new_rows()
    frame = rows.to_pandas()
    assert_array_equal(one.to_sklearn().predict(frame), one.predict(rows))


def test_a_pipeline_of_arrays_takes_arrays():
    X = np.random.default_rng(0).normal(size=(20, 3))
    one = bp.Model(bp.Population(bp.MLP((3, 1)), init="torch"), bp.Scaler.of(X))
    assert_array_equal(one.to_sklearn().predict(X), one.predict(X))


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no column 'age'"):
        model().to_sklearn().predict(new_rows().drop("age"))


def test_without_scikit_learn_there_is_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'pip install "bpfast\[sklearn\]"'):
        model().to_sklearn()


@pytest.mark.parametrize("copy", [base.clone, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("number_encoding", ["quantile", "piecewise4"])
def test_a_pipeline_expands_inputs(number_encoding, copy):
    own = member("numbers", 0, 0, number_encoding)
    one, rows = model_of(bp.Ensemble((own,), transform="log"), 0), new_rows()
    pipeline = copy(one.to_sklearn())
    assert_array_equal(pipeline.predict(rows), one.predict(rows))
    assert pipeline[0].get_feature_names_out().tolist() == one.features


# --- ensembles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("copy", [lambda e: e, base.clone, lambda e: pickle.loads(pickle.dumps(e))])
@pytest.mark.parametrize("kind", TARGETS)
def test_an_ensemble_is_an_estimator(kind, copy):
    found, rows = ensemble(kind), new_rows()
    estimator = copy(found.to_sklearn())
    assert_array_equal(estimator.predict(rows), found.predict(rows))
    estimator.fit(rows, np.zeros(len(rows)))
    assert_array_equal(estimator.predict(rows), found.predict(rows))
    assert base.is_classifier(estimator) == found.target_info.has_probabilities
    assert estimator.feature_names_in_.tolist() == [c.name for c in found.encoding.used]
    assert estimator.n_features_in_ == len(found.encoding.used)
    if kind != "labels":  # which scikit-learn scores as text only by hand
        assert estimator.score(rows, found.predict(rows)) == 1.0
    if found.target_info.has_probabilities:
        assert_array_equal(estimator.predict_proba(rows), found.predict_proba(rows))


def test_an_ensembles_classes_are_in_the_order_of_scikit_learns_metrics():
    found, rows = ensemble(classes=["5", "10", "9"]), new_rows()
    estimator = found.to_sklearn()
    assert estimator.classes_.tolist() == ["10", "5", "9"]
    assert_array_equal(estimator.predict_proba(rows), found.predict_proba(rows)[:, [1, 0, 2]])
    assert_array_equal(
        estimator.classes_[estimator.predict_proba(rows).argmax(axis=1)], found.predict(rows)
    )


def test_an_ensemble_is_inspected():
    inspection = pytest.importorskip("sklearn.inspection")
    pytest.importorskip("pyarrow")
    found, rows = ensemble("numbers"), new_rows().to_pandas()
    y = found.predict(rows)
    told = inspection.permutation_importance(found.to_sklearn(), rows, y, n_repeats=2)
    assert told.importances_mean.max() > 0
    assert told.importances_mean[[*rows.columns].index("more")] == 0
