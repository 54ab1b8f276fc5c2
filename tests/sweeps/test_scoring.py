"""Scores: each fold by its own networks, whatever is scored beside them."""

import numpy as np
import pytest
from datasets import array_dataset
from sweeps import CLASSES, FEATURES, NUMBERS, SPACE, WORDS, X, sweep

import bpfast as bp
from bpfast.sweeps import scoring
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.metrics import fitting_names
from bpfast.sweeps.parts import SweepData
from bpfast.sweeps.scorers import score
from bpfast.sweeps.words import ended_early


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("y", [WORDS, NUMBERS])
def test_a_fold_is_scored_as_a_sweep_without_the_others_scores_it(y, device):
    rows = np.random.default_rng(1).permutation(90)
    pairs = [(rows[20:], rows[:20]), (rows[:70], rows[70:])]
    # one batch holds all rows, so that there is no shuffle, which would be the fold's own
    options = {"test": 0.0, "device": device, "space": SPACE | {"batch_size": 90}}
    both = sweep(y, cv=pairs, **options).table
    assert not np.array_equal(both["split0_validation_score"], both["split1_validation_score"])
    for k in range(2):
        alone = sweep(y, cv=pairs[k : k + 1], **options).table
        order, own = np.argsort(both["network"]), np.argsort(alone["network"])
        np.testing.assert_array_equal(
            both[f"split{k}_validation_score"][order], alone["validation_score"][own]
        )


def test_a_fold_is_predicted_by_its_own_networks_only(monkeypatch):
    predict, calls = bp.Population.predict, []

    def counting_predict(self, X, **options):
        calls.append((len(self), len(X)))
        return predict(self, X, **options)

    sizes = [len(f.validation) for f in split_rows(X, NUMBERS, 0, Splitting(cv=3), 0).folds]
    monkeypatch.setattr(bp.Population, "predict", counting_predict)
    sweep(NUMBERS, cv=3, space={"hidden": 3})
    # compiling before, and after it the winner and the ensemble, whose networks predict one by one
    assert calls[1:4] == [(8, size) for size in sizes]
    assert all(networks == 1 for networks, _ in calls[4:])


@pytest.mark.parametrize("cv", [None, 3])
def test_scores_do_not_depend_on_how_many_are_predicted_at_a_time(cv, monkeypatch):
    at_once = sweep(NUMBERS, cv=cv, space={"hidden": 3}).table
    monkeypatch.setattr(scoring, "PREDICTIONS", 80)  # 18 rows or more: 4 networks at most
    predict, calls = bp.Population.predict, []

    def counting_predict(self, X, **options):
        calls.append(len(self) * len(X))
        return predict(self, X, **options)

    monkeypatch.setattr(bp.Population, "predict", counting_predict)
    in_parts = sweep(NUMBERS, cv=cv, space={"hidden": 3}).table
    assert max(calls) <= 80
    for name, column in at_once.items():
        np.testing.assert_array_equal(column, in_parts[name])


def test_a_trial_diverged_if_a_fold_of_it_did():
    """A row far out, which fold 0 alone is trained on, is too much for the higher rate."""
    rows, far_out = np.arange(90), X.copy()
    far_out[5] = 1e3
    pairs = [(rows[:60], rows[60:]), (rows[30:], rows[:30])]
    space = {"learning_rate": [1e-3, 0.2], "optimizer": "sgd", "hidden": "none", "batch_size": 16}
    table = sweep(NUMBERS, X=far_out, cv=pairs, test=0.0, space=space, epochs=200).table
    high = table["learning_rate"] == 0.2
    assert 0 < high.sum() < 8
    np.testing.assert_array_equal(table["diverged"], high)
    np.testing.assert_array_equal(np.isneginf(table["split0_validation_score"]), high)
    assert np.isfinite(table["split1_validation_score"]).all()
    assert np.isneginf(table["validation_score"][high]).all()
    np.testing.assert_array_equal(table["epochs"] < 200, high)
    assert np.isnan(table["validation_std"][high]).all()
    assert np.isfinite(table["validation_std"][~high]).all()


def test_a_trial_is_through_once_all_its_folds_are():
    """A fold that runs out of patience waits for others, which may have every epoch."""
    space = {"learning_rate": "1e-3:3e-1:log", "hidden": [3, 40], "patience": [2, 3]}
    options = {"networks": 16, "epochs": 50, "device": "cpu"}
    result = sweep(CLASSES, X=FEATURES, space=space, cv=3, **options)
    table = result.table
    stopped, had_all = table["stopped"], table["epochs"] == 50
    last = np.isfinite(result.losses).sum(axis=1)  # means, while all are under way
    assert stopped.any()
    assert (had_all & (last < 50)).any()
    assert (stopped | had_all).all()
    assert not ended_early(table, 50).any()


LEVEL = X[:, 0] - X[:, 1] + np.random.default_rng(1).normal(0.0, 4.0, 90)
TABLE = {f"x{k}": column for k, column in enumerate(X.T)} | {
    "high": np.where(LEVEL > 0, "yes", "no"),
    "far": np.where(np.abs(LEVEL) > 5, "yes", "no"),
    "both": np.where(LEVEL > 4, "a", np.where(LEVEL > -4, "b", "c")),
    "size": np.exp(LEVEL / 5),
    "area": np.exp(X[:, 2] / 9 + LEVEL / 20),
}


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("classes", ["high"]),
        ("classes", ["both"]),
        ("labels", ["high", "far"]),
        ("numbers", ["size"]),
        ("numbers", ["size", "area"]),
    ],
)
def test_networks_are_ranked_by_any_scoring_name_that_fits(kind, target):
    """In the target's own units, although numbers are trained on their logarithm."""
    pytest.importorskip("sklearn")
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(TABLE)
    options = {"drop": [name for name in frame.columns if name[0] != "x" and name not in target]}
    if kind == "numbers":  # some metrics take no prediction below 0
        options |= {"target_transform": "log"}
    outputs = len(target) if target != ["both"] else 3
    outputs = 2 if target == ["high"] else outputs
    names = fitting_names(kind, outputs)
    assert len(names) > 9
    for name in names:
        result = bp.sweep(
            frame, target, SPACE, networks=2, epochs=2, device="cpu", metric=name, **options
        )
        check_first(result, frame, kind, name)


def check_first(result, frame, kind, name):
    """The first row's scores are scikit-learn's of what the model predicts."""
    table = result.table
    assert result.metric == name
    assert table["validation_score"][0] == table["validation_score"].max() > -np.inf
    for part in ("validation", "test"):
        rows = result.rows[part]
        predict = result.model.predict if kind == "numbers" else result.model.predict_proba
        predicted = predict(frame[rows]).reshape(len(rows), -1)
        truth = truth_of(result.target, frame[rows])
        if (kind, name) == ("labels", "neg_log_loss"):  # scikit-learn takes labels for classes
            both = [np.stack([1 - p, p], axis=1) for p in predicted.T]
            pairs = zip(both, truth.T.astype(int), strict=True)
            expected = np.mean([score(name, "classes", p, own) for p, own in pairs])
        else:
            expected = score(name, kind, predicted, truth)
        assert table[f"{part}_score"][0] == pytest.approx(expected, rel=1e-4, abs=1e-6), name


def truth_of(target, frame):
    """Class numbers, labels of 0 and 1, or numbers, of some rows of a table."""
    columns = [frame[name].to_numpy() for name in target.names]
    if target.kind == "classes":
        return np.searchsorted(target.classes, columns[0].astype(str))
    if target.kind == "labels":
        words = target.labels.values()
        columns = [own == second for (_, second), own in zip(words, columns, strict=True)]
    return np.stack(columns, axis=1).astype(float)


def test_a_metric_that_is_not_defined_for_a_part_is_refused_before_training():
    pytest.importorskip("sklearn")
    words = r"the validation part has .*, so there is no mean squared log error: .* another metric"
    with pytest.raises(ValueError, match=words):
        sweep(NUMBERS - 100.0, metric="neg_mean_squared_log_error")
    with pytest.raises(ValueError, match=r"metric='r2' does not fit 2 classes: choose from"):
        sweep(WORDS, metric="r2")


def test_networks_whose_outputs_are_infinite_have_diverged_although_logarithms_are_bounded():
    y = np.exp(NUMBERS / 20.0)
    data = SweepData.of(array_dataset(X, y, "log"), Splitting(), 0)
    pop = bp.Population(bp.MLP((X.shape[1], 1)), 2, seed=0)
    pop = pop.with_parameters(np.stack([pop.parameters[0], np.full_like(pop.parameters[1], 3e38)]))
    with np.errstate(over="ignore", invalid="ignore"):
        found = scoring.Scorer(data, "cpu").part_scores(pop, data.test, data.target_scaler)
    assert found.is_finite.tolist() == [True, False]
    assert np.isfinite(found.scores).tolist() == [True, False]


def test_predictions_that_a_metric_does_not_take_come_last():
    """Negative ones have no logarithm; their networks have not diverged."""
    pytest.importorskip("sklearn")
    y = np.abs(X[:, 0])
    space = {"learning_rate": [1e-4, 30.0], "hidden": "none", "optimizer": "sgd"}
    options = {"space": space, "metric": "neg_mean_squared_log_error", "epochs": 1}
    table = sweep(y, networks=12, **options).table
    scores = table["validation_score"]
    assert not np.isnan(scores).any()
    undefined = np.isneginf(scores) & ~table["diverged"]
    assert undefined.any()
    assert np.isfinite(table["validation_r2"][undefined]).all()
    assert (np.diff(scores[np.isfinite(scores)]) <= 0).all()
