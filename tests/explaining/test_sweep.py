"""bpfast.explaining.sweep: where rates crawl, are best and diverge, and what theory says."""

import json
import math

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL
from bpfast.explaining.sweep import sweep_learning_rate


def linear(loss="mse", x=(1.0, 2.0), **options):
    """A single layer without hidden neurons: under mse the error is a parabola."""
    mlp = bp.MLP((len(x), 1), loss=loss, **options)
    return explain(mlp, [[[0.5]] * len(x)], x, [3.0], 0.01, device="reference")


def by_hand(rate, steps):
    """The tutorial's error after some steps."""
    hidden, out = map(np.array, TUTORIAL["weights"])
    x = np.array(TUTORIAL["x"])
    for _ in range(steps):
        miss = x @ hidden @ out - 1.0
        slopes = np.outer(x, out * miss), np.outer(x @ hidden, miss)
        hidden, out = hidden - rate * slopes[0], out - rate * slopes[1]
    return 0.5 * float((x @ hidden @ out - 1.0)[0]) ** 2


@pytest.fixture(scope="module")
def tutorial():
    return sweep_learning_rate(explain(**TUTORIAL), steps=20, n=10_000)


def test_every_error_is_that_of_training_alone_with_the_rate(tutorial):
    assert len(tutorial.learning_rates) == len(tutorial.errors) == 10_000
    assert tutorial.start_error == pytest.approx(0.3272405)
    for k in range(0, 6000, 500):
        expected = by_hand(tutorial.learning_rates[k], 20)
        assert tutorial.errors[k] == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_tutorials_landmarks(tutorial):
    assert tutorial.crawls_below == pytest.approx(0.00768, rel=0.01)
    assert by_hand(tutorial.crawls_below, 20) == pytest.approx(0.3272405 / 2, rel=0.01)
    assert tutorial.best_error < 1e-25
    assert tutorial.crawls_below < tutorial.best_rate < tutorial.diverges_from
    assert by_hand(tutorial.diverges_from, 20) > tutorial.start_error
    # order and chaos lie mixed between the two; all before and all after are alike
    assert 0.38 < tutorial.diverges_from < 0.41
    assert 0.53 < tutorial.diverges_above < 0.58
    rates, errors = np.array(tutorial.learning_rates), np.array(tutorial.errors)
    assert (errors[rates < tutorial.diverges_from] <= tutorial.start_error).all()
    assert (errors[rates > tutorial.diverges_above] > tutorial.start_error).all()
    assert rates[0] < tutorial.crawls_below / 5
    assert rates[-1] > tutorial.diverges_above * 5
    assert np.isinf(errors[-1])
    assert tutorial.seconds > 0


def test_the_tutorials_border_moves_on_the_way(tutorial):
    """The Hessian of ½·(w5·h1 + w6·h2 - 1)², written down: it has rank four."""
    x, out, hidden = np.array([2.0, 3.0]), np.array([0.14, 0.15]), np.array([0.85, 0.48])
    slope = np.concatenate([out[0] * x, out[1] * x, hidden])
    mixed = np.zeros((6, 6))
    mixed[0:2, 4] = mixed[4, 0:2] = mixed[2:4, 5] = mixed[5, 2:4] = x
    exact = np.linalg.eigvalsh(np.outer(slope, slope) + (0.191 - 1.0) * mixed)[-1]
    assert tutorial.curvature == pytest.approx(exact, rel=1e-8)
    assert tutorial.border == pytest.approx(2 / exact, rel=1e-8)
    assert tutorial.best_border < tutorial.diverges_from < tutorial.border


@pytest.mark.parametrize("bias", [False, True])
def test_on_a_parabola_theory_is_right(bias):
    e = linear(bias=bias)
    sweep = sweep_learning_rate(e, steps=10, n=400)
    assert sweep.curvature == pytest.approx(2 * (1 + 4 + bias), rel=1e-8)
    assert sweep.best_curvature == pytest.approx(sweep.curvature, rel=1e-8)
    assert sweep.diverges_above <= sweep.border * (1 + 1e-9)
    assert sweep.diverges_from >= sweep.border * (1 - 1e-9)
    assert sweep.best_rate == pytest.approx(sweep.border / 2, rel=0.03)


def test_a_straight_error_has_no_border_in_theory():
    sweep = sweep_learning_rate(linear(loss="mae", bias=False), steps=5, n=200)
    assert sweep.curvature == 0.0
    assert sweep.border is None
    assert sweep.best_error < sweep.start_error


def test_where_nothing_moves_there_is_nothing_to_mark():
    mlp = bp.MLP((1, 1, 1), activation="relu", bias=False)
    dead = explain(mlp, [[[-1.0]], [[1.0]]], [1.0], [1.0], 0.1, device="reference")
    sweep = sweep_learning_rate(dead, steps=5, n=50)
    marks = (sweep.crawls_below, sweep.best_rate, sweep.diverges_from, sweep.diverges_above)
    assert marks == (None,) * 4
    assert sweep.border is None
    assert set(sweep.errors) == {sweep.start_error, sweep.best_error} == {1.0}
    assert sweep.learning_rates[0] < 0.1 < sweep.learning_rates[-1]


def test_a_class_that_is_learnt_never_diverges():
    mlp = bp.MLP((2, 3), loss="cross_entropy")
    e = explain(mlp, [np.zeros((2, 3))], [1.0, 2.0], 1, 0.1, device="reference")
    sweep = sweep_learning_rate(e, steps=5, n=200)
    assert (sweep.diverges_from, sweep.diverges_above) == (None, None)
    assert sweep.border == pytest.approx(2 / (6 / 3))  # (|x|² + 1) · 1/3 where classes are alike
    assert sweep.best_error < 1e-6
    assert (sweep.best_curvature, sweep.best_border) == (0.0, None)  # flat, but for rounding


@pytest.mark.parametrize("rate", [1e-9, 1e5])
def test_the_range_holds_the_explained_rate(rate):
    mlp = bp.MLP((1, 1), bias=False)
    e = explain(mlp, [[[1.0]]], [1.0], [0.0], rate, device="reference")
    sweep = sweep_learning_rate(e, steps=3, n=50)
    assert sweep.learning_rates[0] <= rate * (1 + 1e-9)
    assert sweep.learning_rates[-1] >= rate * (1 - 1e-9)
    assert sweep.learning_rates[0] < sweep.best_rate < sweep.learning_rates[-1]


def test_it_is_data(tutorial):
    data = tutorial.as_dict()
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text)["best_rate"] == tutorial.best_rate
    assert [math.inf if e is None else e for e in data["errors"]] == list(tutorial.errors)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"steps": 0}, "steps must be at least 1"), ({"n": 1}, "n must be at least 2")],
)
def test_bad_input_is_refused_in_words(options, message):
    with pytest.raises(ValueError, match=message):
        sweep_learning_rate(linear(), **options)
