"""Searches, with few trials and few rows."""

import pytest

from bpfast.bench.estimators import digits
from bpfast.bench.sweeps import found, searches

FEW = {"learning_rate": "1e-3:1e-1:log", "l2": "1e-6:1e-2"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(found, "LONG", 0.0)
    monkeypatch.setattr(searches, "SHALLOW", FEW)
    X, y = digits()
    monkeypatch.setattr(searches, "digits", lambda: (X[:200], y[:200]))


def test_a_search_that_learns_tells_its_samplers_share():
    learned = searches.learn(70)
    assert learned.trials == 70
    assert 0 < learned.asking < learned.seconds
    assert str(searches.Learned(70, 2.0, 0.5)) == "70 in 2.0 s, 25% of it the sampler's own"


def test_a_search_is_stopped_in_time(monkeypatch):
    monkeypatch.setattr(searches, "MOST_SECONDS", 0.0)
    assert 0 < searches.learn(5000).trials < 5000


def test_trials_that_were_not_reached_count_like_the_others(monkeypatch):
    monkeypatch.setattr(searches, "learn", lambda trials: searches.Learned(500, 180.0, 150.0))
    (one,) = searches.learning_long(5000)
    assert one.value == 1800.0
    monkeypatch.setattr(searches, "trials_per_second", lambda X, y, trials: trials / 15)
    (one,) = searches.learning(5000)
    assert one.value == pytest.approx(500 / 180)
    assert one.words.endswith("; Optuna with scikit-learn's MLPs 2.00 trials/s")


def test_a_large_table_is_swept_with_l2_and_without(monkeypatch):
    spaces, sweep = [], searches.sweep
    monkeypatch.setattr(
        searches, "sweep", lambda *a, **o: (spaces.append(o.get("space")), sweep(*a, **o))[1]
    )
    (one,) = searches.large_table(1500)
    assert [space and sorted(space) for space in spaces] == [
        None,
        *(["learning_rate"], ["l2", "learning_rate"]) * searches.TURNS,
    ]
    assert one.value > 0


def test_folds_are_held_against_as_many_networks():
    (one,) = searches.cross_validation()
    assert one.value > 0
