"""Sweeps as scikit-learn's estimators: what goes in, what comes out, and where they are used."""

import doctest
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bpfast as bp
from bpfast.sklearn import GridSearchCV, SweepClassifier, SweepRegressor, sweep_estimators
from bpfast.tables.ensemble import Ensemble

pytest.importorskip("optuna")
pl = pytest.importorskip("polars")

RANDOM = np.random.default_rng(0)
ROWS = 120
X = RANDOM.normal(size=(ROWS, 3))
THIRDS = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
NUMBERS = 100.0 + X[:, 0] * 3
SMALL = {"networks": 4, "epochs": 6, "space": {"hidden": 8, "learning_rate": "0.03:0.1:log"}}
COLUMNS = {
    "age": X[:, 0].round(1),
    "colour": np.where(X[:, 1] > 0, "red", "blue").astype(object),
    "day": np.datetime64("2024-01-01") + np.arange(ROWS),
    "member": X[:, 2] > 0,
    "income": np.where(RANDOM.random(ROWS) < 0.2, np.nan, X[:, 2]),
}
COLUMNS["colour"][::9] = None


def classifier(**chosen):
    return SweepClassifier(**SMALL | chosen)


def regressor(**chosen):
    return SweepRegressor(**SMALL | chosen)


# --- what goes in ---------------------------------------------------------------------------------


def test_tables_as_they_are():
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    colours = COLUMNS["colour"].tolist()
    of_polars = pl.DataFrame(COLUMNS | {"colour": colours})
    tables = [pd.DataFrame(COLUMNS), of_polars, of_polars.to_arrow(), COLUMNS]
    said = []
    for table in tables:
        fitted = classifier().fit(table, THIRDS)
        assert [*fitted.feature_names_in_] == [*COLUMNS]
        assert fitted.n_features_in_ == len(COLUMNS)
        assert {column["column"] for column in fitted.result_.columns} == {*COLUMNS}
        said.append(fitted.predict_proba(table))
    for other in said[1:]:
        assert_array_equal(other, said[0])
    assert fitted.score(COLUMNS | {"colour": ["green"] * ROWS}, THIRDS) > 0.5
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(of_polars.drop("day"))


def test_a_table_with_other_columns_than_it_was_trained_on():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    fitted = classifier().fit(table, THIRDS)
    with pytest.raises(ValueError, match="same order"):
        fitted.predict(table[["b", "a", "c"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert_array_equal(fitted.predict_proba(X), fitted.predict_proba(table))
    of_array = classifier().fit(X, THIRDS)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        assert_array_equal(of_array.predict(table), of_array.predict(X))
    with pytest.raises(ValueError, match="X has 2 features"):
        of_array.predict(X[:, :2])
    numbered = classifier().fit(pd.DataFrame(X), THIRDS)  # names are 0, 1, 2
    assert not hasattr(numbered, "feature_names_in_")
    assert_array_equal(numbered.predict(X), numbered.predict(pd.DataFrame(X)))


@pytest.mark.parametrize("dtype", [object, str])
def test_arrays_of_words(dtype):
    words = np.stack([COLUMNS["colour"], COLUMNS["age"].astype(str)], axis=1).astype(dtype)
    fitted = classifier().fit(words, THIRDS)
    assert fitted.predict(words[:1]).shape == (1,)
    assert_array_equal(fitted.predict(words.tolist()), fitted.predict(words))


def test_arrays_of_objects_that_are_numbers():
    objects = X.astype(object)
    assert_array_equal(
        regressor().fit(objects, NUMBERS).predict(objects), regressor().fit(X, NUMBERS).predict(X)
    )
    objects[::7] = None
    holes = np.where(np.arange(ROWS)[:, None] % 7, X, np.nan)
    assert_array_equal(
        regressor().fit(objects, NUMBERS).predict(holes),
        regressor().fit(holes, NUMBERS).predict(objects),
    )


def test_weights_count():
    weights = np.where(THIRDS == 0, 100.0, 1.0)
    plain, weighted = (classifier().fit(X, THIRDS, own) for own in (None, weights))
    assert (weighted.predict(X) == 0).sum() > (plain.predict(X) == 0).sum()
    with pytest.raises(ValueError, match="Negative values"):
        classifier().fit(X, THIRDS, -weights)


def test_groups_stay_together():
    groups = np.arange(ROWS) // 6
    for chosen in ({}, {"cv": 3}, {"cv": GroupKFold(3)}):
        rows = classifier(**chosen).fit(X, THIRDS, groups=[*map(str, groups)]).result_.rows
        for name in rows.keys() - {"train", "test"}:
            validation = groups[rows[name]]
            trained = np.setdiff1d(np.arange(ROWS), rows[name])
            assert len(validation)
            assert not {*validation} & {*groups[trained]}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier().fit(X, THIRDS, groups=groups[1:])


# --- what comes out -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        [7, -3, 12],
        np.array([2, 3, 5], np.uint8),
        ["b", "NA", "?"],
        np.array(["ten", "Two", "a b"], object),
        [4.0, 2.0, 1.0],
        [True, False],
    ],
    ids=lambda names: type(names[0]).__name__,
)
def test_classes_are_sorted_and_of_ys_own_type(names):
    names = np.asarray(names)
    y = names[THIRDS % len(names)]
    fitted = classifier().fit(X, y)
    assert_array_equal(fitted.classes_, np.unique(y), strict=True)
    predicted, shares = fitted.predict(X), fitted.predict_proba(X)
    assert predicted.dtype == y.dtype
    assert_array_equal(predicted, fitted.classes_[shares.argmax(axis=1)])
    assert_allclose(shares.sum(axis=1), 1.0)
    assert_allclose(fitted.predict_log_proba(X), np.log(shares))
    assert fitted.score(X, y) > 0.5
    known = [str(name) for name in fitted.classes_]
    assert fitted.result_.classes == fitted.ensemble_.classes == fitted.result_.model.classes
    assert fitted.ensemble_.classes == known  # what is saved has names, not numbers
    assert_array_equal(fitted.ensemble_.predict(X), predicted.astype(str))


def test_labels():
    y = (X > 0.2).astype(int)
    fitted = classifier(epochs=20).fit(X, y)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert_array_equal(fitted.predict(X), fitted.predict_proba(X) > 0.5)
    assert fitted.score(X, y) > 0.5
    assert fitted.predict_std(X).shape == y.shape


def test_numbers():
    fitted = regressor(epochs=20).fit(X, NUMBERS)
    assert fitted.n_outputs_ == 1
    assert fitted.score(X, NUMBERS) > 0.5
    assert fitted.predict(X).shape == fitted.predict_std(X).shape == (ROWS,)
    several = regressor(epochs=20).fit(X, np.stack([NUMBERS, X[:, 2]], axis=1))
    assert several.n_outputs_ == 2
    assert several.predict(X).shape == several.predict_std(X).shape == (ROWS, 2)
    with pytest.warns(UserWarning, match="column-vector"):
        assert regressor().fit(X, NUMBERS[:, None]).predict(X).shape == (ROWS,)


def test_error_bars_are_the_ensembles():
    fitted = classifier(networks=8).fit(X, THIRDS)
    assert_array_equal(fitted.predict_std(X), fitted.ensemble_.predict_std(X))
    assert fitted.predict_std(X).shape == (ROWS, 3)
    low, high = fitted.predict_quantiles(X, [0.1, 0.9])
    assert (low <= high).all()
    assert_array_equal(fitted.predict_quantiles(X, 0.1), low)


def test_seeds():
    first, again = (classifier().fit(X, THIRDS).predict_proba(X) for _ in range(2))
    assert_array_equal(again, first)
    assert (classifier(random_state=1).fit(X, THIRDS).predict_proba(X) != first).any()
    drawn_once = [
        regressor(random_state=np.random.RandomState(3)).fit(X, NUMBERS).predict(X)
        for _ in range(2)
    ]
    assert_array_equal(*drawn_once)
    state = np.random.RandomState(3)
    twice = [regressor(random_state=state).fit(X, NUMBERS).predict(X) for _ in range(2)]
    assert (twice[0] != twice[1]).any()
    assert bp.sweep(X, NUMBERS, test=0.0, **SMALL).table["validation_score"].max() == max(
        regressor().fit(X, NUMBERS).result_.table["validation_score"]
    )


def test_options_are_the_sweeps(monkeypatch):
    given = {}
    real = sweep_estimators.sweep

    def spy(*arguments, **options):
        given.update(options)
        return real(*arguments, **SMALL, cv=options.get("cv"), test=0.0)

    monkeypatch.setattr(sweep_estimators, "sweep", spy)
    folds = KFold(2)
    regressor(time=2.5, cv=folds, metric="r2", members=3).fit(X, NUMBERS)
    kept = {"task": "regression", "seed": 0, "test": 0.0, "device": "auto", **SMALL}
    asked = {"time": 2.5, "cv": folds, "metric": "r2", "members": 3}
    assert given == kept | asked | {"groups": None, "sample_weight": None}
    given.clear()
    SweepRegressor().fit(X, NUMBERS)
    assert not given.keys() & {"time", "networks", "epochs", "space", "cv", "members", "keep"}


def test_ranked_by_what_was_asked_for():
    fitted = classifier(cv=3, metric="accuracy", validation=None).fit(X, THIRDS)
    assert fitted.result_.metric == fitted.ensemble_.metric == "accuracy"
    assert fitted.result_.folds == 3
    members = classifier(members=1).fit(X, THIRDS).ensemble_.members
    assert len({own.network for own in members}) == 1


# --- where it is used -----------------------------------------------------------------------------


def test_copies_and_files(tmp_path):
    fitted = classifier(members=2).fit(COLUMNS, THIRDS)
    assert clone(fitted).get_params() == fitted.get_params()
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(COLUMNS), fitted.predict_proba(COLUMNS))
    fitted.ensemble_.save(tmp_path / "ensemble.safetensors")
    loaded = Ensemble.load(tmp_path / "ensemble.safetensors")
    assert_array_equal(loaded.predict_proba(COLUMNS), fitted.predict_proba(COLUMNS))
    with pytest.raises(NotFittedError):
        classifier().predict(X)


def test_searches_and_pipelines():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(COLUMNS)
    assert cross_val_score(classifier(epochs=20), table, THIRDS, cv=2).min() > 0.4
    pipeline = make_pipeline(StandardScaler(), regressor())
    search = GridSearchCV(pipeline, {"sweepregressor__members": [1, 2]}, cv=2).fit(X, NUMBERS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == (ROWS,)


def test_more_time_may_give_other_answers():
    assert SweepClassifier(time=1.0).__sklearn_tags__().non_deterministic
    tags = SweepClassifier().__sklearn_tags__()
    assert not tags.non_deterministic
    assert tags.input_tags.allow_nan
    assert tags.input_tags.string


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"networks": 0}, "'networks' parameter"),
        ({"time": 0}, "'time' parameter"),
        ({"validation": 1.5}, "'validation' parameter"),
        ({"cv": "many"}, "'cv' parameter"),
        ({"device": "tpu"}, "'device' parameter"),
        ({"metric": "rmse"}, "neg_root_mean_squared_error"),
    ],
)
def test_parameters_are_checked(chosen, words):
    with pytest.raises(ValueError, match=words):
        regressor(**chosen).fit(X, NUMBERS)


def test_ctrl_c_keeps_what_was_found(monkeypatch):
    real = sweep_estimators.sweep
    monkeypatch.setattr(
        sweep_estimators, "sweep", lambda *given, **o: replace(real(*given, **o), interrupted=True)
    )
    with pytest.warns(UserWarning, match="interrupted by user"):
        fitted = classifier().fit(X, THIRDS)
    assert fitted.predict(X).shape == (ROWS,)


def test_networks_that_all_diverge():
    with pytest.raises(ValueError, match="diverge"):
        regressor(space={"optimizer": "sgd", "learning_rate": 1e30}).fit(X, NUMBERS)


# --- odd data -------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [1, 2])
def test_a_class_of_few_rows(few):
    y = np.where(np.arange(ROWS) < few, "rare", "usual")
    for chosen in ({}, {"cv": 2}):
        fitted = classifier(**chosen).fit(X, y)
        assert fitted.classes_.tolist() == ["rare", "usual"]
        assert fitted.predict_proba(X).shape == (ROWS, 2)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="one class only, a: a classifier needs"):
        classifier().fit(X, np.full(ROWS, "a"))


def test_columns_that_never_vary_and_those_without_values():
    constant = np.concatenate([X, np.ones((ROWS, 1)), np.full((ROWS, 1), np.nan)], axis=1)
    assert_array_equal(np.isfinite(regressor().fit(constant, NUMBERS).predict(constant)), True)
    table = pl.DataFrame(constant, schema=["a", "b", "c", "one", "none"])
    assert_array_equal(np.isfinite(regressor().fit(table, NUMBERS).predict(table)), True)


def test_a_single_column_is_kept_whatever_it_looks_like():
    for values in (np.arange(ROWS), np.ones(ROWS), np.full(ROWS, "a")):
        table = pl.DataFrame({"only": values})
        assert regressor().fit(table, NUMBERS).predict(table).shape == (ROWS,)


def test_no_target():
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier().fit(X, None)


@drawn(8)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(12, 30), st.randoms())
def test_small_data(classes, features, rows, random):
    values = np.random.default_rng(random.randrange(1000)).normal(size=(rows, features))
    y = np.arange(rows) % classes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = classifier(networks=2, epochs=2).fit(values, y)
        assert fitted.predict_proba(values).shape == (rows, classes)
        assert regressor(networks=2, epochs=2).fit(values, values[:, 0]).predict(values).ndim == 1


def test_examples_in_docstrings():
    assert doctest.testmod(sweep_estimators).failed == 0


def test_iris():
    samples, y = load_iris(return_X_y=True)
    assert classifier(epochs=20).fit(samples, y).score(samples, y) > 0.9
