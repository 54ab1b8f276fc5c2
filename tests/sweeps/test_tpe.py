"""TPE: what it looks at, and that it does not matter how many are asked for at a time."""

import numpy as np
import pytest

from bpfast.sweeps.space import Space
from bpfast.sweeps.study import Study

optuna = pytest.importorskip("optuna")
tpe = pytest.importorskip("bpfast.sweeps.tpe")

SPACE = Space(
    {
        "learning_rate": "1e-4:1:log",
        "hidden": ["2", "3x2"],
        "optimizer": ["sgd", "adam"],
        "momentum": "0:0.9",  # of sgd alone
        "batch_size": optuna.distributions.IntDistribution(8, 64, step=8),
        "l2": [0.1],  # no sampler is asked for it
    }
)

RATE = ["batch_size", "hidden", "learning_rate", "optimizer"].index("learning_rate")  # of a point


@pytest.fixture
def looks(monkeypatch):
    """Points that each density is made of, in turn those of good trials and of others."""
    seen = []

    class Parzen(tpe.Parzen):
        def __init__(self, distributions, points):
            seen.append(points)
            super().__init__(distributions, points)

    monkeypatch.setattr(tpe, "Parzen", Parzen)
    return seen


def score(params):
    return -abs(np.log10(params["learning_rate"]) + 2) - (params["hidden"] == "2")


def row(number, params, **what):
    ended = {"network": number, "epochs": 9, "diverged": False, "validation_score": score(params)}
    return ended | what


def played(trials, size=32, seed=0):
    """A study after so many trials have ended."""
    study = Study(SPACE, "tpe", seed)
    while study.asked < trials:
        asked = study.ask(min(size, trials - study.asked))
        study.tell([row(*pair) for pair in asked], [], 9)
    return study


def test_it_looks_at_so_many_trials_and_no_more(looks):
    study = played(400)
    running = len(study.ask(tpe.AHEAD))
    looks.clear()
    study.ask(tpe.AHEAD)
    joint = [points for points in looks if points.shape[1] > 1]
    assert [len(points) for points in joint] == [tpe.GOOD, tpe.OTHERS + running]
    assert np.abs(np.log10(joint[0][:, RATE]) + 2).max() < 0.5  # the best of 400


@pytest.mark.parametrize("count", [1, tpe.AHEAD, 2 * tpe.AHEAD + 3])
def test_it_does_not_matter_how_many_are_asked_for(count):
    """A sweep that ends here, and one that is for more networks, have the same ones so far."""
    few, many = played(64).ask(count), played(64).ask(50)
    assert few == many[:count]
    assert played(64, seed=1).ask(count) != few


def test_what_only_some_trials_have_is_drawn_by_these(looks):
    study = played(200)
    looks.clear()
    asked = study.ask(32)
    assert all(("momentum" in params) == (params["optimizer"] == "sgd") for _, params in asked)
    assert any("momentum" in params for _, params in asked)
    alone = [points for points in looks if points.shape[1] == 1]
    assert alone
    assert all(len(points) < tpe.OTHERS for points in alone)


def test_complete_trials_are_better_than_pruned_ones(looks):
    """And of pruned ones those that came farther, then those with the greater value there."""
    study = Study(SPACE, "tpe", 0)
    asked = study.ask(40)
    rows = [row(*pair) for pair in asked[:2]]
    for number, params in asked[2:30]:  # odd numbers come to a second rung
        epochs = (1, 3)[: 1 + number % 2]
        rungs = [(float(epoch), -float(number)) for epoch in epochs]
        rows.append(row(number, params, epochs=epochs[-1], validation_score=9.0, rungs=rungs))
    rows += [row(*pair, epochs=2, diverged=True) for pair in asked[30:]]
    study.tell(rows, [], 9)
    study.ask(1)
    good = next(points for points in looks if points.shape[1] > 1)
    expected = [asked[number][1]["learning_rate"] for number in (0, 1, 3, 5)]
    np.testing.assert_array_equal(np.sort(good[:, RATE]), np.sort(expected))
