"""What is found is what the model, asked by hand, says of such tables."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn as so_many
from explained import HOUSES, ensemble_of, models
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, root_mean_squared_error

import bpfast as bp
from bpfast.reporting.inspection import inspecting
from bpfast.reporting.inspection.inspecting import Sample, inspect, inspect_sample
from bpfast.reporting.inspection.predictor import as_ensemble
from bpfast.sweeps.metrics import Metric


def test_an_ensemble_of_classes():
    ensemble = ensemble_of(models("kind"))
    found = inspect(ensemble, HOUSES, HOUSES["kind"], device="reference")
    rows = np.array(found.rows) - 1
    assert sorted(rows) == list(range(120))
    shares = ensemble.predict_proba(HOUSES, "reference")
    assert (found.metric, found.out_of) == ("neg_log_loss", 120)
    assert found.score == pytest.approx(-log_loss(HOUSES["kind"], shares))
    assert [*found.means] == ["area", "colour"]  # noise is no input
    assert all(len(own) == 5 for own in found.importance.values())
    assert found.outputs == ["dear"]
    np.testing.assert_allclose(found.average, shares[:, 1].mean())
    assert [*found.curves] == ["area", "colour"]
    colour = found.curves["colour"]
    for word, mean, count in zip(colour.values, colour.average[0], colour.counts, strict=True):
        given_it = HOUSES.with_columns(colour=pl.lit(word))
        own = ensemble.predict_proba(given_it, "reference")[:, 1]
        assert mean == pytest.approx(own.mean(), rel=1e-5)
        assert count == (HOUSES["colour"] == word).sum()
    area = found.curves["area"]
    highest = HOUSES.with_columns(area=pl.lit(area.values[-1]))
    own = ensemble.predict_proba(highest, "reference")[:, 1]
    assert area.average[0][-1] == pytest.approx(own.mean(), rel=1e-4)
    np.testing.assert_allclose([one[-1] for one in area.individual], own[rows[:30]], rtol=1e-4)
    assert area.lacking == HOUSES["area"].is_nan().sum()


def test_a_model_of_numbers_with_another_metric():
    model = models("price")[0]
    found = inspect(model, HOUSES, HOUSES["price"], "neg_root_mean_squared_error", curves=1)
    off = root_mean_squared_error(HOUSES["price"], model.predict(HOUSES))
    assert found.score == pytest.approx(-off, rel=1e-5)
    assert found.outputs == ["price"]
    assert [*found.curves] == ["area"]
    assert found == inspect(model, HOUSES, HOUSES["price"], found.metric, curves=1)
    other = inspect(model, HOUSES, HOUSES["price"], found.metric, curves=1, seed=1)
    assert other.importance != found.importance


def test_classes_labels_and_several_numbers_of_an_array():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    small = {"space": {"hidden": [3]}, "networks": 2, "epochs": 2, "device": "reference"}
    five = np.repeat(["a", "b", "c", "d", "e"], [10, 15, 20, 22, 23])
    found = inspect(bp.sweep(X, five, **small).model, X, five)
    if found.curves:
        assert found.outputs == ["b", "c", "d", "e"]
        assert not any(curve.individual for curve in found.curves.values())
    labels = (X > 0.3).astype(int)
    found = inspect(bp.sweep(X, labels, **small).model, X, labels)
    assert (found.metric, found.outputs) == ("neg_log_loss", ["y0", "y1"])
    found = inspect(bp.sweep(X, 2.0 * X + 1.0, **small).model, X, 2.0 * X + 1.0)
    assert found.outputs == ["y0"]
    assert [*found.importance] == ["x0", "x1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": HOUSES["kind"][:7]}, "y has 7 rows, X has 120: expected as many"),
        ({"y": ["cheap"] * 119 + ["huge"]}, "'huge', expected one of cheap, dear"),
        ({"y": np.ones((120, 2))}, "y has 2 columns, the model predicts 1"),
        ({"X": HOUSES.drop("colour")}, "the table has no column 'colour'"),
        ({"metric": "r2"}, "metric='r2' does not fit 2 classes"),
        ({"curves": -1}, "curves must be at least 0"),
        ({"seed": 0.5}, "seed must be"),
    ],
)
def test_bad_input_is_refused(change, words):
    good = {"model": models("kind")[0], "X": HOUSES, "y": HOUSES["kind"]}
    with pytest.raises((TypeError, ValueError), match=words):
        inspect(**good | change)


def test_numbers_that_are_missing_are_refused():
    y = HOUSES["price"].to_numpy().copy()
    y[3] = np.nan
    with pytest.raises(ValueError, match="y has values that are missing or infinite"):
        inspect(models("price")[0], HOUSES, y)


@so_many(60)
@given(st.floats(0, 1e9), st.integers(1, 2000))
def test_work_bounds_rows_and_shuffles(predictions, rows):
    taken, repeats = inspecting._affordable(predictions, rows)
    if repeats:
        assert taken * repeats <= predictions
        assert 1 <= repeats <= 5
        assert taken == rows or (repeats == 1 and taken >= 200)
    else:
        assert predictions < min(rows, 200)
    assert inspecting._affordable(np.inf, rows) == (rows, 5)


def test_too_much_work_is_left():
    ensemble = as_ensemble(models("kind")[0])
    truth = (HOUSES["kind"] == "dear").to_numpy().astype(int)
    sample = Sample("test", np.arange(1, 121), HOUSES, truth, 120)
    metric, weights = Metric("accuracy"), ensemble.groups[0].population.parameters.size
    assert inspect_sample(ensemble, sample, metric, work=119 * 2 * weights) is None
    found = inspect_sample(ensemble, sample, metric, work=240 * 2 * weights, curves=0)
    assert all(len(own) == 2 for own in found.importance.values())
    assert (found.part, found.curves, found.outputs) == ("test", {}, [])
