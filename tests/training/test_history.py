"""History: what it tells of a fit."""

import dataclasses

import numpy as np
import pytest
from fits import VALIDATION, every_device, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.training.dispatch import Plan
from bpfast.training.history import History, latest


@every_device
def test_a_history_tells_what_was_done(device):
    networks = population()
    history = fit(networks, device=device)
    assert isinstance(history, bp.History)
    assert isinstance(history.plan, Plan)
    assert history.plan.device == device
    assert history.validation_loss is None
    assert history.sample_updates == 4 * 6 * 20
    assert 0.0 < history.seconds < 60.0
    assert history.interrupted is False
    for flags in (history.stopped, history.diverged):
        assert_array_equal(flags, [False] * 4)
    assert np.isfinite(networks.parameters).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        history.loss = None


def test_sample_updates_count_each_networks_own_rows():
    rows = ([np.arange(5), np.arange(5, 20)], [0, 1, 1, 0])
    assert fit(population(), rows=rows).sample_updates == 6 * (5 + 15 + 15 + 5)


@every_device
def test_scores_are_the_last_losses_and_validation_comes_first(device):
    history = fit(population(), device=device)
    assert_array_equal(history.score(), history.loss[:, -1])
    history = fit(population(), validation=VALIDATION, device=device)
    assert_array_equal(history.score(), history.validation_loss[:, -1])


def test_the_latest_loss_is_the_last_one_that_was_reached():
    losses = np.array([[3.0, 2.0, np.nan], [3.0, np.nan, np.nan], [np.nan] * 3])
    assert_array_equal(latest(losses), [2.0, 3.0, np.nan])
    reached = np.array([[1.0, 1.0, np.nan], [1.0, 1.0, np.nan], [1.0, np.nan, np.nan]])
    assert_array_equal(latest(losses, reached), [2.0, np.nan, np.nan])


def test_who_ends_with_its_best_epoch_is_scored_by_it():
    losses = np.array([[1.0, 3.0], [1.0, 3.0], [1.0, np.inf], [1.0, 3.0]])
    history = History(
        loss=losses,
        validation_loss=None,
        epochs=np.arange(1, 3),
        epochs_run=np.full(4, 2),
        stopped=np.zeros(4, bool),
        diverged=np.array([False, False, False, True]),
        plan=Plan("any", "cpu", "a test"),
        seconds=1.0,
        sample_updates=1,
        best_loss=np.ones(4),
        restored=np.array([True, False, False, True]),
    )
    assert_array_equal(history.score(), [1.0, 3.0, np.inf, np.inf])
