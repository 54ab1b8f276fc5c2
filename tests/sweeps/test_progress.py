"""A sweep's progress: it counts epochs of all trials, never falls back, and ends at the end."""

import numpy as np
import pytest
from sweeps import NUMBERS, WORDS, X, halved_sweep, study_sweep, sweep

from bpfast.sweeps.progress import ProgressCounter, SweepProgress


def test_what_a_trial_is_spared_counts_as_done_and_not_as_made():
    seen = []
    counter = ProgressCounter(
        trials=2,
        epochs=10,
        samples=5,
        metric="neg_log_loss",
        seconds=lambda: 2.0,
        show=seen.append,
    )
    counter.begin([0, 1], 0)
    counter.watch([0, 1], 4.0, "3 relu sgd")
    assert (seen[-1].done, seen[-1].total, seen[-1].rate) == (20, 100, 10.0)
    counter.pause([0, 1], 2)
    counter.end({"network": 0, "validation_score": -0.5, "epochs": 2, "diverged": False})
    counter.tell("3 relu sgd")
    assert (seen[-1].done, seen[-1].rate) == (60, 10.0)
    assert (seen[-1].networks, seen[-1].best, seen[-1].pruned) == (1, -0.5, 1)
    assert seen[-1].metric == "neg_log_loss"


@pytest.mark.parametrize(
    ("done", "limit", "share", "left"),
    [(25, np.inf, 0.25, 30.0), (25, 20.0, 0.5, 10.0), (80, 20.0, 0.8, 2.5), (0, 5.0, 1.0, 0.0)],
)
def test_what_is_left_is_of_the_networks_or_of_the_time(done, limit, share, left):
    progress = SweepProgress(done, 100, 10.0, 1.0, "8", limit=limit)
    assert (progress.share, progress.left) == pytest.approx((share, left))
    assert SweepProgress(0, 100, 10.0, 1.0, "8").left == np.inf


def test_progress_ends_where_everything_is_done():
    seen = []
    result = sweep(WORDS, progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total == result.sample_updates
    assert seen[-1].rate > 0


def test_progress_and_counts_are_of_folds_that_differ():
    model_selection = pytest.importorskip("sklearn.model_selection")
    seen = []
    splitter = model_selection.TimeSeriesSplit(4)
    result = sweep(NUMBERS, cv=splitter, test=0.0, progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    rows = sum(len(train) for train, _ in splitter.split(X))
    assert seen[-1].done == seen[-1].total == result.sample_updates == 8 * 3 * rows
    assert result.folds == 4


def test_progress_counts_what_a_grid_has():
    seen = []
    space = {"hidden": [2, 3], "l2": [0.0, 0.1, 0.2]}
    study_sweep(space=space, sampler="grid", networks=100, progress=seen.append)
    assert seen[-1].done == seen[-1].total


def test_progress_never_falls_back_and_tells_what_was_let_go(monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 20)
    seen = []
    table = halved_sweep(halving="successive", sampler="tpe", progress=seen.append).table
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total
    assert seen[-1].networks == 40
    cut = (table["epochs"] < 9) & ~table["diverged"]
    assert seen[-1].pruned == cut.sum() > 20
    assert seen[-1].best == table["validation_score"].max()
    assert seen[0].best == -np.inf
