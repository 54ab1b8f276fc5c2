"""What networks cost: a count of operations that is the same everywhere."""

import numpy as np
import pytest
from sweeps import NUMBERS, X

from bpfast.sweeps.costs import typical_operations
from bpfast.sweeps.folds import Splitting
from bpfast.sweeps.given_data import TableOptions
from bpfast.sweeps.halving import Halving
from bpfast.sweeps.parts import SweepData
from bpfast.sweeps.space import Space
from bpfast.sweeps.trainer import Trainer
from bpfast.tables.roles import Roles

pytest.importorskip("optuna")


def trainer(epochs=30, **way):
    data = SweepData.of(TableOptions(Roles(NUMBERS)).dataset(X), Splitting(**way), 0)
    return Trainer(data, epochs, seed=0, device="cpu", has_rungs=False)


def test_rows_parameters_epochs_and_folds_are_counted():
    space = Space({"hidden": "5"})
    parameters = (3 + 1) * 5 + 6
    assert typical_operations(trainer(), space, None) == 6 * 54 * parameters * 30
    assert typical_operations(trainer(cv=3), space, None) == 6 * 3 * 48 * parameters * 30


def test_it_is_a_mean_over_the_space():
    own = [typical_operations(trainer(), Space({"hidden": width}), None) for width in ("4", "40")]
    both = typical_operations(trainer(), Space({"hidden": "4,40"}), None)
    assert own[0] < both < own[1]
    assert both == typical_operations(trainer(), Space({"hidden": "4,40"}), None)


def test_most_networks_of_a_halving_end_early():
    halving, space = Halving("successive", 30), Space({"hidden": "5"})
    whole = typical_operations(trainer(), space, None)
    share = typical_operations(trainer(), space, halving) / whole
    assert share == pytest.approx((1 + 2 / 3 + 6 / 9 + 18 / 27 + 3 / 81) / 30)
    assert share == pytest.approx(np.mean([halving.epochs_left(0)]) / 30)


@pytest.mark.parametrize("way", [{}, {"cv": 3}])
def test_what_a_number_encoding_costs_is_known_without_it(way, monkeypatch):
    """These numbers are all different, so that there are as many bins as asked for."""
    own = trainer(**way)
    with monkeypatch.context() as patch:
        patch.setattr(SweepData, "_with_expansion", lambda *_: pytest.fail("encoded"))
        space = Space({"hidden": "5", "number_encoding": "piecewise4"})
        counted = typical_operations(own, space, None)
    inputs = own.data.expanded("piecewise4").folds.train.X.shape[1]
    assert counted == 6 * len(own.data.folds.train.X) * ((inputs + 1) * 5 + 6) * 30
