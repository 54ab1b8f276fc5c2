"""Data that networks cannot learn: what scikit-learn's fits end with there, ours do."""

import numpy as np
import pytest
from sklearn import datasets, model_selection, neural_network
from sklearn.base import clone

import bpfast.sklearn
from bpfast.sklearn import fit_together

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 4))
NUMBERS = X[:, 0] * X[:, 1]
TARGETS = {
    "two classes": NUMBERS > 0,
    "classes": np.digitize(NUMBERS, [-0.3, 0.3]),
    "one class": np.full(60, "a"),
    "labels": (X[:, :2] > 0.2).astype(int),
    "numbers": NUMBERS,
    "outputs": np.stack([NUMBERS, X[:, 2]], axis=1),
    "counts": RANDOM.poisson(np.exp(NUMBERS)),
}
DIVERGES = {"solver": "sgd", "learning_rate_init": 1e200}
DIVERGES_LATER = {"solver": "sgd", "learning_rate_init": 2.0, "momentum": 0.0, "alpha": 0.0}
REFUSED = "ValueError('Solver produced non-finite parameter weights."


def pair(targets="numbers", **chosen):
    """scikit-learn's estimator and ours."""
    kind = "MLPRegressor" if targets in ("numbers", "outputs", "counts") else "MLPClassifier"
    chosen = {
        "hidden_layer_sizes": (5,),
        "activation": "tanh",
        "random_state": 0,
        "max_iter": 25,
        **({"loss": "poisson"} if targets == "counts" else {}),
        **chosen,
    }
    theirs = getattr(neural_network, kind)(**chosen)
    return theirs, getattr(bpfast.sklearn, kind)(**chosen, dtype="float64")


def outcome(fit, *arguments):
    """What a fit raised, in words."""
    try:
        fit(*arguments)
    except Exception as error:
        return repr(error)[: len(REFUSED)]
    return None


def assert_same(theirs, ours):
    """All that a fit leaves behind; of what is not finite, where it is not."""
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)
    assert np.isfinite(ours.loss_) == np.isfinite(theirs.loss_)
    for name in ("best_loss_", "best_validation_score_"):
        expected, found = (np.array(getattr(one, name, np.nan), float) for one in (theirs, ours))
        np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=name)
    for name in ("loss_curve_", "validation_scores_"):
        expected, found = (
            np.array(getattr(one, name, None) or [], float) for one in (theirs, ours)
        )
        assert len(found) == len(expected)
        known = np.isfinite(found)
        begins = ~known & np.append(True, known[:-1])  # its own loss need not be NaN
        assert (np.isfinite(expected) == known)[~begins].all(), name
        np.testing.assert_allclose(found[known], expected[known], rtol=1e-9, err_msg=name)
    for expected, found in zip(theirs.coefs_, ours.coefs_, strict=True):
        assert np.isfinite(found).all() == np.isfinite(expected).all()
        if np.isfinite(expected).all():
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


# --- networks that diverge ------------------------------------------------------------------------


# Adam's steps are as long as its rate: probabilities stay numbers until that overflows
@pytest.mark.parametrize(
    ("targets", "solver"),
    [*((name, "sgd") for name in TARGETS), ("numbers", "adam"), ("outputs", "adam")],
)
@pytest.mark.parametrize("early", [False, True], ids=["", "early stopping"])
def test_a_fit_that_diverges_ends_as_scikit_learns(targets, solver, early):
    theirs, ours = pair(targets, **DIVERGES | {"solver": solver}, early_stopping=early)
    y = TARGETS[targets]
    assert outcome(ours.fit, X, y) == outcome(theirs.fit, X, y)
    assert_same(theirs, ours)
    assert not np.isnan(ours.best_validation_score_ or 0.0)


@pytest.mark.parametrize("stops", [3, 10, np.inf])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_the_best_before_it_diverged_is_kept(learning_rate, stops):
    """As of scikit-learn's issue 29504, scores are NaN from there on, and count for nothing."""
    theirs, ours = pair(
        **DIVERGES_LATER,
        activation="relu",
        early_stopping=True,
        learning_rate=learning_rate,
        n_iter_no_change=stops,
    )
    scaled = NUMBERS * 10
    assert outcome(ours.fit, X, scaled) is outcome(theirs.fit, X, scaled) is None
    assert np.isnan(ours.validation_scores_[-1]) or stops == 3
    assert np.isfinite(ours.best_validation_score_)
    assert_same(theirs, ours)


def test_it_says_what_scikit_learn_says(capsys):
    for estimator in pair(**DIVERGES, early_stopping=True, verbose=True, max_iter=4):
        estimator.fit(X, NUMBERS)
    theirs, ours = np.array_split(capsys.readouterr().out.splitlines(), 2)
    assert ours[4:].tolist() == theirs[4:].tolist()
    assert ours[-1] == "Validation score: nan"


def test_a_network_that_diverged_stays_so():
    """In partial_fit and warm starts: its parameters are NaN."""
    for chosen in ({}, {"warm_start": True}):
        theirs, ours = pair(**DIVERGES, **chosen)
        calls = ("fit", "fit") if chosen else ("partial_fit",) * 3
        for call in calls:
            said = [outcome(getattr(one, call), X, NUMBERS) for one in (theirs, ours)]
            assert said[1] == said[0]
            assert_same(theirs, ours)
        assert said[0] == REFUSED
        assert np.isnan(ours.predict(X)).all()


@pytest.mark.parametrize("rate", [0.01, 1e200])
def test_a_warm_start_after_divergence_is_scikit_learns(rate):
    theirs, ours = pair(**DIVERGES, early_stopping=True, warm_start=True, max_iter=5)
    for rates in (1e200, rate):
        for estimator in (theirs, ours):
            estimator.set_params(learning_rate_init=rates)
        assert outcome(ours.fit, X, NUMBERS) == outcome(theirs.fit, X, NUMBERS)
        assert_same(theirs, ours)


def test_a_random_state_is_left_as_scikit_learn_leaves_it():
    theirs, ours = pair(**DIVERGES)
    theirs.random_state, ours.random_state = np.random.RandomState(5), np.random.RandomState(5)
    assert outcome(ours.fit, X, NUMBERS) == outcome(theirs.fit, X, NUMBERS) == REFUSED
    assert ours.random_state.randint(2**31) == theirs.random_state.randint(2**31)


@pytest.mark.parametrize("targets", ["classes", "numbers"])
def test_together_is_as_alone(targets):
    _, first = pair(targets, early_stopping=True)
    rates = [0.01, 1e200, 0.1, 1e200, 1e-3]
    together = [clone(first).set_params(solver="sgd", learning_rate_init=rate) for rate in rates]
    together[3].early_stopping = False
    alone = [clone(one) for one in together]
    errors = fit_together(together, X, TARGETS[targets], [None] * len(rates))
    for one, other, error in zip(together, alone, errors, strict=True):
        assert outcome(other.fit, X, TARGETS[targets]) == (error and repr(error)[: len(REFUSED)])
        np.testing.assert_equal(one.coefs_, other.coefs_)
        np.testing.assert_equal(one.loss_curve_, other.loss_curve_)
        np.testing.assert_equal(one.validation_scores_, other.validation_scores_)
    assert errors[0] is errors[2] is errors[4] is None
    assert errors[3] is not None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("early", [False, True], ids=["", "early stopping"])
def test_a_search_ranks_them_last(early):
    grid = {"learning_rate_init": [1e200, 0.01, 1e200], "solver": ["sgd"]}
    searches = []
    for library, estimator in zip(
        (model_selection, bpfast.sklearn), pair(early_stopping=early, max_iter=5), strict=True
    ):
        searches.append(library.GridSearchCV(estimator, grid, cv=3).fit(X, NUMBERS))
    theirs, ours = searches
    assert ours.best_index_ == theirs.best_index_
    for name in ("mean_test_score", "rank_test_score"):
        np.testing.assert_allclose(ours.cv_results_[name], theirs.cv_results_[name], rtol=1e-9)
    if not early:
        assert ours.best_index_ == 1
        assert np.isnan(ours.cv_results_["mean_test_score"][[0, 2]]).all()


def test_an_ensemble_says_so():
    ensemble = bpfast.sklearn.MLPEnsembleRegressor(pair(**DIVERGES)[1], 3, random_state=0)
    assert outcome(ensemble.fit, X, NUMBERS) == REFUSED


# --- saturated ------------------------------------------------------------------------------------

WINE, CANCER = (load(return_X_y=True) for load in (datasets.load_wine, datasets.load_breast_cancer))
SATURATED = {
    "classes": (WINE[0], WINE[1]),
    "two classes": (CANCER[0][::3], CANCER[1][::3]),
    "labels": (WINE[0], np.eye(3, dtype=int)[WINE[1]]),
}


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("targets", SATURATED)
def test_samples_that_nobody_scaled(targets, solver):
    """Probabilities are 0 and 1: scikit-learn's loss ends at 36, and stands still there."""
    samples, y = SATURATED[targets]
    epochs = 15 if solver == "lbfgs" else 60
    theirs, ours = pair(
        targets, solver=solver, hidden_layer_sizes=(8,), activation="relu", max_iter=epochs
    )
    assert outcome(ours.fit, samples, y) == outcome(theirs.fit, samples, y)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-6)
    if solver != "lbfgs":
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-6)


def test_the_wine_of_the_issue():
    samples, y = SATURATED["classes"]
    theirs, ours = pair("classes", hidden_layer_sizes=(8,), activation="relu", random_state=1)
    ours.max_iter = theirs.max_iter = 200
    assert ours.fit(samples, y).n_iter_ == theirs.fit(samples, y).n_iter_ == 12


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_in_float32_it_ends_where_float32_does(solver):
    samples, y = SATURATED["classes"]
    _, ours = pair("classes", solver=solver, activation="relu", max_iter=3)
    ours.dtype = "float32"
    ours.fit(samples * 1e6, y)
    most = -np.log(np.finfo("float32" if solver == "adam" else "float64").eps)
    assert 0 < ours.loss_ < most
    assert solver == "adam" or ours.loss_ > 0  # it computes in float64


# --- degenerate -----------------------------------------------------------------------------------


def test_weights_that_sum_to_zero_are_refused():
    """None at all, and none of what is held out."""
    for few, chosen in ((0, {}), (0, {"solver": "lbfgs"}), (3, {"early_stopping": True})):
        weights = (np.arange(60) >= 60 - few).astype(float)
        for estimator in pair(**chosen):
            with pytest.raises(ValueError, match="at least one non-zero number"):
                estimator.fit(X, NUMBERS, weights)
