"""Scores of a fold's networks at once: scikit-learn's, and by it where they are not ours."""

import numpy as np
import pytest
from searches import IRIS, MLP, RATES, SCALED, assert_same, both
from sklearn.datasets import load_iris
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from bpfast.sklearn import GridSearchCV, MLPRegressor, scoring
from bpfast.sklearn.metrics import METRICS, Metric
from bpfast.training.population import Population

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Scoring failed"),
    pytest.mark.filterwarnings("ignore:One or more of the (test|train) scores are non-finite"),
]
X, Y = IRIS
NUMBERS = MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0)
TARGETS = {
    "classes": Y,
    "words": np.array(["a", "b", "c"])[Y],
    "two classes": Y == 1,
    "labels": np.stack([Y > 0, Y > 1], axis=1).astype(int),
    "numbers": X[:, 2],
    "whole numbers": Y,
    "columns": X[:, 2:],
}


class Counter:
    """A callback of scikit-learn's, which keeps the names of tasks that end."""

    def __init__(self):
        self.tasks = []

    def setup(self, estimator, context):
        """Nothing is needed."""

    def teardown(self, estimator, context):
        """Nothing is kept."""

    def on_fit_task_begin(self, estimator, context):
        """Ends are counted."""

    def on_fit_task_end(self, estimator, context):
        self.tasks.append(context.task_name)


@pytest.fixture
def alone(monkeypatch):
    """How many networks each call had scikit-learn score."""
    counts, run = [], scoring._one_by_one
    monkeypatch.setattr(
        scoring, "_one_by_one", lambda fits, tasks: counts.append(len(fits)) or run(fits, tasks)
    )
    return counts


@pytest.mark.parametrize(
    ("target", "names"),
    [
        *((target, [None, "accuracy"]) for target in ("classes", "words", "two classes", "labels")),
        *((target, ["neg_log_loss"]) for target in ("words", "two classes")),
        ("classes", [["accuracy", "neg_log_loss"]]),
        ("numbers", [None, "r2", "neg_mean_absolute_error"]),
        ("whole numbers", ["r2", "neg_mean_squared_error"]),
        ("columns", [{"a": "r2", "b": "neg_root_mean_squared_error"}]),
    ],
)
def test_all_networks_of_a_fold_are_scored_at_once(target, names, alone):
    """But for one, which scikit-learn scores."""
    numeric = target in ("numbers", "whole numbers", "columns")
    samples = {"X": X[:, :2], "y": TARGETS[target]}
    for name in names:
        options = {"scoring": name, "refit": False, "cv": 2, "return_train_score": True}
        assert_same(*both("GridSearchCV", NUMBERS if numeric else MLP, RATES, **samples, **options))
        assert alone == [2, 0]
        alone.clear()


def test_each_architecture_and_each_setting_of_steps_by_itself(alone):
    steps = [FunctionTransformer(np.sqrt), "passthrough"]
    pipeline = Pipeline([("step", "passthrough"), ("mlp", MLP)])
    shapes = {"mlp__hidden_layer_sizes": [(3,), (5, 2)], "mlp__alpha": [0.0, 1.0, 2.0]}
    assert_same(*both("GridSearchCV", pipeline, {"step": steps, **shapes}, cv=2))
    assert alone == [2 * 2 * 2, 0]


def test_tables_keep_their_names(alone):
    pytest.importorskip("pandas")
    frame = load_iris(as_frame=True).data
    assert_same(*both("GridSearchCV", SCALED, {"mlp__alpha": [0.0, 1.0]}, X=frame, cv=2))
    assert alone == [2, 0]


@pytest.mark.parametrize(
    "options",
    [
        {"scoring": "f1_macro"},
        {"scoring": make_scorer(f1_score, average="micro")},
        {"scoring": lambda estimator, X, y: estimator.alpha},
        {"scoring": ["accuracy", "f1_macro"], "refit": False},
        {"verbose": 2},
    ],
    ids=["name", "settings", "callable", "several", "verbose"],
)
def test_what_is_not_ours_is_scored_by_scikit_learn(options, alone):
    assert_same(*both("GridSearchCV", MLP, RATES, cv=2, **options))
    assert alone == [2, 6]


def test_weights_are_scikit_learns(alone):
    weights = np.random.default_rng(0).random(150)
    assert_same(*both("GridSearchCV", MLP, RATES, cv=2, fit={"sample_weight": weights}))
    assert alone == [2, 6]


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss"])
def test_classes_that_a_fold_lacks(name):
    """Either part of a fold lacks one, and the log loss is not defined."""
    options = {"cv": KFold(3), "scoring": name, "error_score": -9.0}
    ours, theirs = both("GridSearchCV", MLP, RATES, **options)
    assert_same(ours, theirs)
    assert (theirs.best_score_ == -9.0) == (name == "neg_log_loss")


def test_scores_that_differ_from_scikit_learns_are_dropped(monkeypatch, alone):
    (accuracy,) = (metric for metric, ours in METRICS.items() if ours.of == "labels")
    monkeypatch.setitem(METRICS, accuracy, Metric("labels", lambda truth, found: np.float64(0.123)))
    assert_same(*both("GridSearchCV", MLP, RATES, cv=2))
    assert alone == [2, 6]


def test_predictions_that_are_not_finite_are_scikit_learns(monkeypatch, alone):
    predict = Population.predict

    def overflows(population, *given):
        found = predict(population, *given)
        if len(found) > 1:
            found[1] = np.inf
        return found

    monkeypatch.setattr(Population, "predict", overflows)
    assert_same(*both("GridSearchCV", NUMBERS, RATES, y=X[:, 2], cv=2))
    assert alone == [2, 2]


def test_networks_predict_as_many_at_a_time_as_memory_holds(monkeypatch, alone):
    monkeypatch.setattr(scoring, "PREDICTED", 2 * 75 * 3)
    assert_same(*both("GridSearchCV", MLP, RATES, cv=2))
    assert alone == [2, 0]


def test_callbacks_are_called_for_every_network(alone):
    search, counted = GridSearchCV(MLP, RATES, cv=2), Counter()
    search.set_callbacks(counted).fit(*IRIS)
    assert counted.tasks.count("candidate-split-evaluation") == 8
    assert alone == [2, 6]
