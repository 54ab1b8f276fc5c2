"""Estimators beside scikit-learn's own on hard data: saturated, diverging, degenerate.

Fits are compared as far as scikit-learn's own says the same when it begins with weights that differ
in their last digits, and as long as its numbers are none that overflow. ``BPFAST_EXAMPLES=5000`` in
the environment draws so many cases, each time others.
"""

import functools
import warnings

import numpy as np
from examples_budget import drawn as so_many
from hypothesis import event, given
from hypothesis import strategies as st
from sklearn import neural_network
from sklearn.base import is_classifier

import bpfast.sklearn

NUDGES = 3  # fits of scikit-learn's that differ in their last digits
EPSILON = np.finfo(float).eps
ALL = 10**9
OVERFLOWS = 1e100  # from here on it depends on roundings what overflows, and when
SIZES = (0, 0, 0, 2, 4, 9, -3, -9)  # powers of ten
SAMPLES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "rows": st.integers(8, 30),
        "sizes": st.lists(st.sampled_from(SIZES), min_size=1, max_size=4),  # of each column
        "offset": st.sampled_from([0.0, 0.0, 1.0, 100.0]),
        "noise": st.sampled_from([0.0, 0.5]),
        "constant": st.booleans(),  # the first column
        "repeats": st.booleans(),  # rows come several times
        "target": st.sampled_from(["classes", "one class", "labels", "numbers", "counts"]),
        "outputs": st.sampled_from([1, 2]),
        "spread": st.sampled_from([0.0, *(10.0**size for size in SIZES)]),
        "weighted": st.booleans(),
    }
)


def table(seed, rows, sizes, offset, noise, constant, repeats, target, outputs, spread, weighted):
    """Samples, targets and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, len(sizes)))
    signal = X @ rng.normal(size=(len(sizes), outputs)) + noise * rng.normal(size=(rows, outputs))
    X = offset + X * 10.0 ** np.array(sizes)
    if constant:
        X[:, 0] = X[0, 0]
    if repeats:
        again = rng.integers(0, rows, rows)
        X, signal = X[again], signal[again]
    y = {
        "classes": np.digitize(signal[:, 0], [-0.5, 0.5][:outputs]),
        "one class": np.ones(rows, int),
        "labels": (signal > 0.3).astype(int),
        "numbers": signal * spread,
        "counts": rng.poisson(np.exp(np.clip(signal, -3, 3))),
    }[target]
    return X, y.ravel() if outputs == 1 else y, rng.uniform(0.5, 2.0, rows) if weighted else None


DRAWN = st.fixed_dictionaries(
    {
        "solver": st.sampled_from(["sgd", "adam", "sgd", "adam", "lbfgs"]),
        "activation": st.sampled_from(["identity", "logistic", "tanh", "relu"]),
        "learning_rate": st.sampled_from(["constant", "constant", "invscaling", "adaptive"]),
        "learning_rate_init": st.sampled_from([1e-3, 0.01, 0.1, 1.0, 10.0, 1e3, 1e50]),
        "nesterovs_momentum": st.booleans(),
        "momentum": st.sampled_from([0.0, 0.9]),
        "early_stopping": st.booleans(),
        "validation_fraction": st.sampled_from([0.1, 0.3]),
        "batch_size": st.sampled_from([5, 16, "auto"]),
        "hidden_layer_sizes": st.sampled_from([(), (3,), (8,), (4, 3)]),
        "alpha": st.sampled_from([0.0, 1e-4, 1.0]),
        "tol": st.sampled_from([1e-5, 1e-4, 0.01]),
        "n_iter_no_change": st.sampled_from([1, 3, 10, np.inf]),
        "max_iter": st.integers(1, 30),
        "random_state": st.integers(0, 1000),
        "warm_start": st.booleans(),
    }
)


def calls(estimator, y, partial):
    """A fit, two where it starts warm, or three partial ones."""
    if not partial or estimator.solver == "lbfgs":
        return [estimator.fit] * (1 + estimator.warm_start)
    if not is_classifier(estimator):
        return [estimator.partial_fit] * 3
    classes = np.unique(y) if y.ndim == 1 else [0, 1]
    return [functools.partial(estimator.partial_fit, classes=classes)] * 3


def fitted(estimator, X, y, weights, partial):
    """An estimator after its fit, what that raised, and whether NumPy warned of numbers."""
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for call in calls(estimator, y, partial):
                call(X, y, sample_weight=weights)
        except Exception as raised:
            error = raised
    return estimator, error, any(one.category is RuntimeWarning for one in caught)


class Nudged:
    """scikit-learn's estimator, begun with weights that differ in their last digits."""

    def _init_coef(self, *arguments):
        rng = np.random.default_rng(self.nudge)
        return [
            start * (1 + EPSILON * rng.choice([-1, 0, 1], start.shape))
            for start in super()._init_coef(*arguments)
        ]


THEIRS = {kind: getattr(neural_network, kind) for kind in ("MLPClassifier", "MLPRegressor")}
NUDGED = {kind: type(kind, (Nudged, theirs), {}) for kind, theirs in THEIRS.items()}


def curves(estimator):
    """Losses, and under early stopping scores, of all epochs."""
    losses = getattr(estimator, "loss_curve_", None) or [estimator.loss_]
    scores = getattr(estimator, "validation_scores_", None) or []
    return np.array(losses, float), np.array(scores, float)


def meet(expected, found, tolerance):
    """How many epochs two pairs of curves have in common; ALL, where these are all."""
    epochs = ALL
    for one, other in zip(expected, found, strict=True):
        length = min(len(one), len(other))
        size = np.abs(one[:length])
        with np.errstate(invalid="ignore"):
            close = np.abs(other[:length] - one[:length]) <= tolerance * (size + 1e-3)
        close &= size < OVERFLOWS
        if not (close.all() and len(one) == len(other)):
            epochs = min(epochs, length if close.all() else int(np.argmin(close)))
    return epochs


def predictable(theirs, kind, drawn, X, *rest):
    """Epochs that are scikit-learn's whatever their last digits."""
    epochs = meet(curves(theirs), curves(theirs), 0.0)
    for nudge in range(NUDGES):
        rng = np.random.default_rng(nudge)
        again = NUDGED[kind](**drawn)
        again.nudge = nudge
        again.learning_rate_init *= 1 + EPSILON
        fitted(again, X * (1 + EPSILON * rng.choice([-1, 0, 1], X.shape)), *rest)
        epochs = min(epochs, meet(curves(theirs), curves(again), 1e-10))
    return epochs


@so_many(20)
@given(SAMPLES, DRAWN, st.booleans())
def test_hard_data_is_scikit_learns(samples, drawn, partial):
    target, arguments = samples["target"], (*table(**samples), partial)
    kind = "MLPRegressor" if target in ("numbers", "counts") else "MLPClassifier"
    drawn = drawn | ({"loss": "poisson"} if target == "counts" else {})
    theirs, error, overflows = fitted(THEIRS[kind](**drawn), *arguments)
    ours, own, _ = fitted(getattr(bpfast.sklearn, kind)(**drawn, dtype="float64"), *arguments)
    if not hasattr(theirs, "loss_"):  # refused
        assert (type(own), str(own)) == (type(error), str(error))
        return
    if overflows and target != "numbers":  # whose losses tell when
        return
    epochs = predictable(theirs, kind, drawn, *arguments)
    event(f"{drawn['solver']} {'all' if epochs == ALL else 'some'} {type(error).__name__}")
    assert meet(curves(theirs), curves(ours), 1e-6) >= epochs, (curves(theirs), curves(ours))
    diverged = np.isnan(curves(theirs)[0][-3:]).all() and target == "numbers"
    if epochs == ALL or diverged:
        assert type(own) is type(error), (error, own)
        assert ours.n_iter_ == theirs.n_iter_
        assert np.isnan(ours.loss_) == np.isnan(theirs.loss_)
