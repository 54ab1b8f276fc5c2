"""History: what it tells of a fit."""

import dataclasses

import numpy as np
import pytest
from fits import VALIDATION, every_device, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.training.dispatch import Plan


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
