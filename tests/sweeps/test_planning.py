"""What a sweep is asked for where nobody says."""

import numpy as np
import pytest
from sweeps import FEATURES, NUMBERS, TARGET, X, sweep

from bpfast.sweeps.blocks import MOST
from bpfast.sweeps.costs import RATE
from bpfast.sweeps.folds import Splitting
from bpfast.sweeps.given_data import TableOptions
from bpfast.sweeps.parts import SweepData
from bpfast.sweeps.planning import (
    EPOCHS,
    FEWEST,
    MANY,
    PATIENT_EPOCHS,
    SECONDS,
    STEP,
    search_of,
)
from bpfast.tables.roles import Roles

pytest.importorskip("optuna")
ROWS = np.random.default_rng(0).normal(size=(4000, 10))


def searched(X=FEATURES, y=TARGET, way=(), **options):
    data = SweepData.of(TableOptions(Roles(y)).dataset(X), Splitting(**dict(way)), 0)
    names = ("space", "networks", "epochs", "time", "halving")
    asked = dict.fromkeys(names) | {"seed": 0, "sampler": "random"} | options
    return search_of(data, **asked)


def test_small_data_have_many_networks_and_large_ones_few():
    assert searched().networks == MANY
    assert searched(epochs=10**6).networks == MANY  # their patience ends before
    assert searched(epochs=10**7, space={"hidden": "8"}).networks == FEWEST
    options = {"X": ROWS, "y": ROWS[:, 0], "space": {"hidden": "128x128"}, "epochs": 50}
    one = searched(**options).networks
    parameters = 11 * 128 + 129 * 128 + 129
    assert one == STEP * (SECONDS * RATE // (6 * 2400 * parameters * 50) // STEP)
    assert FEWEST < one < MANY
    assert searched(**options, way={"cv": 5}).networks < one
    assert searched(**options, halving="successive").networks > one


def test_a_time_is_for_as_many_as_it_allows():
    assert searched(time=3).networks == MOST
    assert searched(time=3, networks=70).networks == 70
    with pytest.raises(ValueError, match="time=3: with a time there are at most 1,048,576"):
        searched(time=3, networks=MOST + 1)


def test_a_grid_has_its_points():
    options = {"space": {"hidden": [2, 3]}, "sampler": "grid"}
    assert searched(**options).networks == searched(time=3, **options).networks == 2
    with pytest.raises(ValueError, match="ask for networks=2"):
        searched(networks=1, **options)


def test_there_are_more_epochs_where_networks_stop_by_themselves():
    space = {"hidden": "8"}
    assert searched(space=space).epochs == EPOCHS
    assert searched(space=space | {"patience": 5}).epochs == PATIENT_EPOCHS > EPOCHS
    assert searched(space=space | {"patience": "5,50"}).epochs == PATIENT_EPOCHS
    assert searched(space=space | {"patience": 5}, epochs=7).epochs == 7


def test_networks_and_epochs_are_said_or_found(monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.planning.MANY", 100)
    result = sweep(NUMBERS, networks=None, epochs=None, space={"hidden": "none", "batch_size": 90})
    assert result.losses.shape == (100, EPOCHS)


@pytest.mark.parametrize("time", ["day", True, X[:, 0], [1.0], None])
def test_before_time_was_the_column_of_times(time):
    if time is None:
        assert searched(time=time).time is None
        return
    with pytest.raises(TypeError, match=r"time must be a number of seconds, got .* time_column"):
        sweep(NUMBERS, time=time)


@pytest.mark.parametrize("time", [0, -1.0, np.inf, np.nan])
def test_a_time_is_a_number_of_seconds(time):
    with pytest.raises(ValueError, match="time must be above 0 and finite"):
        sweep(NUMBERS, time=time)
