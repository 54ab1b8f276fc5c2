"""Scores: each fold by its own networks, whatever is scored beside them."""

import numpy as np
import pytest
from sweeps import NUMBERS, SPACE, WORDS, X, sweep

import bpfast as bp
from bpfast.sweeps import scoring
from bpfast.sweeps.folds import Splitting, split_rows


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
    assert calls[1:-2] == [(8, size) for size in sizes]  # between compiling and the winner


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
