"""Halving: which trials are pruned, and that those that go on never notice."""

import numpy as np
import pytest
from sweeps import FEATURES, HALVED_SPACE, TARGET, by_network, halved_sweep, winner_trained_by_hand

from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.halving import Halving, Pruner
from bpfast.sweeps.trials import Trial

optuna = pytest.importorskip("optuna")
r2_score = pytest.importorskip("sklearn.metrics").r2_score


def test_rungs_and_brackets():
    assert Halving("successive", 9).brackets() == [[1, 3]]
    assert Halving("successive", 10).brackets() == [[1, 3, 9]]
    assert Halving("successive", 100, factor=4, least_epochs=5).brackets() == [[5, 20, 80]]
    assert Halving("hyperband", 9).brackets() == [[1, 3], [3], []]


def test_hyperband_shares_trials_as_in_the_paper():
    """For 81 epochs and a factor of 3, brackets begin with 81, 34, 15, 8 and 5 networks."""
    halving = Halving("hyperband", 81)
    counts = np.bincount([halving.bracket_of(k) for k in range(143)])
    np.testing.assert_array_equal(counts, [81, 34, 15, 8, 5])


def test_a_trials_epochs_are_what_one_in_three_has_at_each_rung():
    halving = Halving("hyperband", 9)
    assert halving.epochs_left(0) == pytest.approx(1 + 2 / 3 + 6 / 9)
    assert halving.epochs_left(0, 1) == pytest.approx(2 + 6 / 3)
    assert halving.epochs_left(0, 3) == 6
    assert halving.epochs_left(9) == pytest.approx(3 + 6 / 3)
    assert halving.epochs_left(14) == 9
    brackets = np.bincount([halving.bracket_of(k) for k in range(17)])
    means = [halving.epochs_left(number) for number in (0, 9, 14)]
    assert halving.mean_epochs() == pytest.approx(np.average(means, weights=brackets))


def test_the_best_stay_and_ties_go_to_the_first():
    pruner = Pruner(Halving("successive", 9, factor=2), 9)
    losses = {4: 0.5, 1: np.nan, 2: 0.1, 0: 0.5, 3: 0.2, 5: 0.9}
    trials = [Trial(k, {}, stop=1, rungs=[(1.0, -loss)]) for k, loss in losses.items()]
    assert {trial.number for trial in pruner.pruned(trials)} == {4, 1, 5}
    alone = Trial(0, {}, stop=1, rungs=[(1.0, np.nan)])
    assert not Pruner(Halving("successive", 9), 9).pruned([alone])


def test_a_rung_is_known_by_all_that_came_to_it():
    pruner = Pruner(Halving("successive", 9), 9)

    def pruned(losses):
        trials = [Trial(k, {}, stop=1, rungs=[(1.0, -loss)]) for k, loss in losses.items()]
        return [trial.number for trial in pruner.pruned(trials)]

    assert pruned({0: 0.3, 1: 0.1, 2: 0.2}) == [0, 2]
    assert pruned({3: 0.15, 4: 0.05, 5: 0.9}) == [3, 5]  # the best two of six go on
    assert pruned({6: 0.04}) == []


def test_a_trial_stops_at_the_rungs_of_its_bracket():
    pruner = Pruner(Halving("hyperband", 9), 9)
    stops = {
        k: [pruner.next_stop(Trial(k, {}, stop=stop)) for stop in (0, 1, 3)] for k in (0, 9, 14)
    }
    assert stops == {0: [1, 3, 9], 9: [3, 3, 9], 14: [9, 9, 9]}
    assert Pruner(None, 9).next_stop(Trial(0, {})) == 9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "quartering"}, "halving='quartering' is not known"),
        ({"kind": "successive", "factor": 1}, "factor must be at least 2"),
        ({"kind": "successive", "least_epochs": 9}, "leaves nothing to cut of 9 epochs"),
    ],
)
def test_what_means_nothing_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        Halving(**{"epochs": 9} | options)


def test_survivors_are_as_if_trained_alone():
    whole, halved = halved_sweep(), halved_sweep(halving="successive")
    through = {k for k, epochs in by_network(halved, "epochs").items() if epochs == 9}
    assert len(through) == 40 // 3 // 3
    for name in ("validation_score", "test_score", "loss"):
        expected, got = by_network(whole, name), by_network(halved, name)
        assert all(got[k] == expected[k] for k in through)
    assert by_network(halved, "epochs").keys() == by_network(whole, "epochs").keys()


def test_the_best_of_each_rung_go_on():
    """Over all kinds of networks together, by the loss on the validation part."""
    halved = halved_sweep(halving="successive")
    epochs = by_network(halved, "epochs")
    for rung, after in ((1, 13), (3, 4)):
        alone = halved_sweep(epochs=rung, space=HALVED_SPACE | {"schedule": "constant"})
        constant = halved_sweep(halving="successive", space=HALVED_SPACE | {"schedule": "constant"})
        epochs = by_network(constant, "epochs")
        here = [k for k, count in epochs.items() if count >= rung]
        going_on = {k for k in here if epochs[k] > rung}
        scores = by_network(alone, "validation_score")  # R² falls as the loss rises
        assert len(going_on) == after
        assert going_on == set(sorted(here, key=lambda k: -scores[k])[:after])


def test_hyperband_cuts_each_bracket_by_itself():
    halved = halved_sweep(halving="hyperband", networks=34)
    halving = Halving("hyperband", 9)
    brackets = [[k for k in range(34) if halving.bracket_of(k) == b] for b in range(3)]
    epochs = by_network(halved, "epochs")
    for members, rungs in zip(brackets, halving.brackets(), strict=True):
        counts = {rung: sum(epochs[k] > rung for k in members) for rung in rungs}
        left = len(members)
        for rung in rungs:
            left = max(1, left // 3)
            assert counts[rung] == left


def test_folds_are_cut_by_their_mean():
    whole, halved = halved_sweep(cv=3), halved_sweep(cv=3, halving="successive")
    epochs = by_network(halved, "epochs")
    through = {k for k, count in epochs.items() if count == 9}
    assert len(through) == 40 // 3 // 3
    for name in ("validation_score", "validation_std", "split2_validation_score"):
        expected, got = by_network(whole, name), by_network(halved, name)
        assert all(got[k] == expected[k] for k in through)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_winner_that_was_cut_is_refitted_as_it_was_ranked(schedule, monkeypatch):
    """For as many epochs, within the schedule of all: what it becomes later was not ranked."""

    def pruned(self, trials):
        arriving = [trial for trial in trials if trial.stop and not trial.ended]
        return sorted(arriving, key=lambda trial: trial.rungs[-1])[4:]  # the worst go on

    monkeypatch.setattr(Pruner, "pruned", pruned)
    space = HALVED_SPACE | {"schedule": schedule, "learning_rate": "1e-2:1:log"}
    result = halved_sweep(cv=3, halving="successive", space=space, test=0.25)
    assert result.table["epochs"][0] == 1 < result.table["epochs"].max()
    rows = split_rows(FEATURES, TARGET, 0, Splitting(test=0.25, cv=3), 0)
    expected = winner_trained_by_hand(result, FEATURES[rows.winner], TARGET[rows.winner], 9)
    np.testing.assert_array_equal(result.best.parameters, expected.parameters)
    tested = r2_score(TARGET[rows.test], result.model.predict(FEATURES[rows.test], "reference"))
    assert result.table["test_r2"][0] == pytest.approx(tested, abs=1e-6)
