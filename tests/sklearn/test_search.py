"""Searches: scikit-learn's results, from populations."""

import doctest
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import sklearn
from scipy import sparse, stats
from searches import IRIS, MLP, RATES, SCALED, assert_same, both
from sklearn import model_selection
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GroupKFold, ShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from bpfast.sklearn import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    MLPClassifier,
    MLPRegressor,
    RandomizedSearchCV,
)
from bpfast.sklearn import search as searches

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)

QUICK = {"max_iter": 40, "learning_rate_init": 0.03, "random_state": 0}
REGRESSOR = MLPRegressor(hidden_layer_sizes=(5,), **QUICK)
CHECKED = {"cv": 2, "error_score": "raise"}
# scikit-learn's own halving searches fail these with its own MLPs.
HALVED = {
    "check_fit2d_1sample": "fewer samples than the least resources are refused in other words",
    **dict.fromkeys(
        [
            "check_classifiers_multilabel_representation_invariance",
            "check_classifiers_multilabel_output_format_predict",
            "check_classifiers_multilabel_output_format_predict_proba",
            "check_classifiers_multilabel_output_format_decision_function",
        ],
        "BaseSuccessiveHalving takes no y of several columns for classifiers",
    ),
}
STEPS = {"scale": [StandardScaler(), MinMaxScaler()], "mlp__learning_rate_init": [0.001, 0.1]}


@parametrize_with_checks(
    [
        GridSearchCV(
            Pipeline([("scale", StandardScaler()), ("mlp", MLPClassifier((5,), **QUICK))]),
            {"mlp__alpha": [1e-4]},
            **CHECKED,
        ),
        RandomizedSearchCV(REGRESSOR, {"alpha": [1e-4]}, n_iter=1, random_state=0, **CHECKED),
        HalvingGridSearchCV(
            MLPClassifier((5,), **QUICK),
            {"alpha": [1e-4]},
            min_resources="smallest",
            random_state=0,
            **CHECKED,
        ),
        HalvingRandomSearchCV(
            REGRESSOR, {"alpha": [1e-4, 1e-3]}, n_candidates=2, random_state=0, **CHECKED
        ),
    ],
    expected_failed_checks=lambda search: HALVED if "Halving" in type(search).__name__ else {},
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:One or more of the (test|train) scores are")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [(MLP, RATES), (SCALED, STEPS), (MLP, [RATES, {"hidden_layer_sizes": [(3,), (3, 3)]}])],
    ids=["alone", "pipeline", "shapes"],
)
def test_grid(estimator, grid, populations):
    ours, theirs = both("GridSearchCV", estimator, grid, cv=3, return_train_score=True)
    assert_same(ours, theirs)
    assert populations == [len(theirs.cv_results_["params"]) * 3]
    assert (ours.cv_results_["mean_fit_time"] > 0).all()
    np.testing.assert_array_equal(ours.predict(IRIS[0]), theirs.predict(IRIS[0]))


def test_random(populations):
    draws = {"mlp__learning_rate_init": stats.loguniform(1e-3, 1), "scale__with_std": [True, False]}
    options = {"n_iter": 5, "cv": ShuffleSplit(2, random_state=1), "random_state": 3}
    assert_same(*both("RandomizedSearchCV", SCALED, draws, **options))
    assert populations == [10]


@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_halving(resource, populations):
    grid = {"alpha": [1e-4, 1.0], "learning_rate_init": [1e-4, 1e-3, 0.1]}
    options = {"cv": 2, "random_state": 0, "resource": resource}
    if resource == "max_iter":
        options["max_resources"] = 9
    ours, theirs = both("HalvingGridSearchCV", MLP, grid, **options)
    assert_same(ours, theirs)
    assert populations == [2 * candidates for candidates in theirs.n_candidates_]
    assert len(populations) > 1


def test_halving_random():
    draws = {"learning_rate_init": stats.loguniform(1e-3, 1)}
    assert_same(*both("HalvingRandomSearchCV", MLP, draws, cv=2, random_state=0))


def largest_alpha(results):
    return int(np.argmax(results["param_alpha"].filled()))


@pytest.mark.parametrize(
    "options",
    [
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
        {"scoring": {"a": make_scorer(accuracy_score)}, "refit": False},
        {"scoring": lambda estimator, X, y: estimator.alpha, "refit": largest_alpha},
        {
            "scoring": lambda estimator, X, y: {"rows": len(X), "loss": estimator.loss_},
            "refit": "loss",
        },
    ],
    ids=["several", "unfitted", "callable", "dictionary"],
)
def test_scoring(options):
    assert_same(*both("GridSearchCV", MLP, RATES, cv=2, **options))


def test_steps_may_be_left_out_and_cached(tmp_path):
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", MLP)], memory=str(tmp_path))
    grid = {"scale": ["passthrough", StandardScaler()], "mlp__alpha": [0.0, 1.0]}
    assert_same(*both("GridSearchCV", pipeline, grid, cv=2))


def test_sparse_samples():
    X = sparse.csr_array(IRIS[0])
    pipeline = make_pipeline(StandardScaler(with_mean=False), MLP)
    assert_same(*both("GridSearchCV", MLP, RATES, X=X, cv=2))
    assert_same(*both("GridSearchCV", pipeline, {"mlpclassifier__alpha": [0, 1]}, X=X, cv=2))


def test_tables_keep_their_names():
    polars = pytest.importorskip("polars")
    X = polars.DataFrame(IRIS[0], schema=["a", "b", "c", "d"])
    ours, theirs = both("GridSearchCV", MLP, RATES, X=X, cv=2)
    assert_same(ours, theirs)
    assert ours.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    named = clone(SCALED).set_output(transform="polars")
    ours, theirs = both("GridSearchCV", named, {"mlp__alpha": [0.0, 1.0]}, X=X, cv=2)
    assert_same(ours, theirs)
    assert ours.best_estimator_[-1].feature_names_in_.tolist() == ["a", "b", "c", "d"]


def test_regression_with_several_targets():
    X, y = IRIS[0][:, :2], IRIS[0][:, 2:]
    regressor = MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0)
    ours, theirs = both("GridSearchCV", regressor, RATES, X=X, y=y, cv=3)
    assert_same(ours, theirs)


def test_weights_and_groups():
    rng = np.random.default_rng(0)
    weights, groups = rng.random(150), rng.integers(5, size=150)
    fit = {"sample_weight": weights, "groups": groups}
    assert_same(*both("GridSearchCV", MLP, RATES, fit=fit, cv=GroupKFold(3)))
    fit = {"mlp__sample_weight": weights}
    assert_same(*both("GridSearchCV", SCALED, STEPS, fit=fit, cv=2))


def test_metadata_routing():
    weights = np.random.default_rng(0).random(150)
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = clone(MLP).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scale = StandardScaler().set_fit_request(sample_weight=True)
        pipeline = Pipeline([("scale", scale), ("mlp", mlp)])
        grid = {"mlp__alpha": [0.0, 1.0]}
        ours, theirs = both("GridSearchCV", pipeline, grid, fit={"sample_weight": weights}, cv=2)
    assert_same(ours, theirs)


def test_what_the_fit_does_not_take_is_refused_as_scikit_learn_does():
    for search in (GridSearchCV, model_selection.GridSearchCV):
        with pytest.raises(TypeError, match=r"fit\(\) got an unexpected keyword argument 'color'"):
            search(MLP, RATES, cv=2, error_score="raise").fit(*IRIS, color=3)
    with pytest.raises(ValueError, match="No fits were performed"):
        GridSearchCV(MLP, RATES, cv=[]).fit(*IRIS)
    with pytest.raises(ValueError, match="Invalid parameter 'alhpa'"):
        GridSearchCV(MLP, {"alhpa": [1]}, cv=2).fit(*IRIS)


def test_verbose_lines_are_scikit_learns(capsys):
    GridSearchCV(MLP, RATES, cv=2, verbose=3).fit(*IRIS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Fitting 2 folds for each of 4 candidates, totalling 8 fits"
    assert len([line for line in lines if line.startswith("[CV ") and "score=" in line]) == 8


def test_scikit_learns_own_searches_are_left_as_they_are(populations):
    assert model_selection._search.Parallel is sklearn.utils.parallel.Parallel
    model_selection.GridSearchCV(MLP, RATES, cv=2).fit(*IRIS)
    assert populations == []


def test_searches_are_scikit_learns_and_can_be_cloned_and_pickled():
    search = GridSearchCV(MLP, RATES, cv=2)
    assert isinstance(search, model_selection.GridSearchCV)
    assert repr(clone(search)) == repr(search)
    again = pickle.loads(pickle.dumps(search.fit(*IRIS)))
    np.testing.assert_array_equal(again.predict_proba(IRIS[0]), search.predict_proba(IRIS[0]))
    assert "fit" not in vars(search.best_estimator_)


def test_searches_in_threads():
    found = {}

    def run(seed):
        mlp = clone(MLP).set_params(random_state=seed)
        found[seed] = GridSearchCV(mlp, RATES, cv=2).fit(*IRIS)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, search in found.items():
        alone = GridSearchCV(clone(MLP).set_params(random_state=seed), RATES, cv=2).fit(*IRIS)
        assert_same(search, alone)


def test_a_script_runs_with_its_import_changed():
    path = Path(__file__).parents[2] / "examples" / "sklearn_grid_search.py"
    changed, found = path.read_text(encoding="utf-8"), {}
    imports = "from bpfast.sklearn import GridSearchCV, MLPClassifier"
    assert imports in changed
    original = changed.replace(
        imports,
        "from sklearn.model_selection import GridSearchCV\n"
        "from sklearn.neural_network import MLPClassifier",
    )
    for name, script in (("bpfast", changed), ("scikit-learn", original)):
        exec(script, found.setdefault(name, {}))
    ours, theirs = (found[name]["search"] for name in ("bpfast", "scikit-learn"))
    assert not isinstance(theirs, GridSearchCV)
    assert ours.best_params_ == theirs.best_params_
    scores = [search.cv_results_["mean_test_score"] for search in (ours, theirs)]
    np.testing.assert_allclose(*scores, atol=0.01)


def test_examples_in_docstrings():
    assert doctest.testmod(searches).failed == 0
